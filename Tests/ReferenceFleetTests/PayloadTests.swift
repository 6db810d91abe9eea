import Testing

@testable import ReferenceFleet

@Suite struct PayloadTests {
    @Test func theSameSeedGivesTheSamePayloads() {
        for item in 0..<40 {
            #expect(Payload(seed: 9, item: item) == Payload(seed: 9, item: item))
        }
        #expect(Payload(seed: 9, item: 3).bytes != Payload(seed: 10, item: 3).bytes)
    }

    @Test func sizesAreWithinTheFleetsRange() {
        let sizes = (0..<200).map { Payload(seed: 4, item: $0).bytes.count }
        #expect(sizes.allSatisfy { (4_096...524_288).contains($0) })
        #expect((sizes.max() ?? 0) > 200_000)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func everySeedHasTheSameMix(_ seed: UInt64) {
        let kinds = (0..<1_000).map { Payload.kind(seed: seed, item: $0) }
        for kind in PayloadKind.allCases {
            #expect(abs(kinds.count(where: { $0 == kind }) - kind.frequency) <= 8)
        }
        #expect(PayloadKind.allCases.reduce(0) { $0 + $1.frequency } == 1_000)
    }

    @Test(arguments: TransferMethod.allCases)
    func everyMethodGivesThePayloadBack(_ method: TransferMethod) throws {
        var encoder = try TransferEncoder()
        var kinds: Set<PayloadKind> = []
        for item in 0..<60 {
            let payload = Payload(seed: 11, item: item)
            kinds.insert(payload.kind)
            let streams = try encoder.encode(payload, by: method)
            #expect(streams.count == (method == .amst ? TransferMethod.streams : 1))
            #expect(
                try TransferEncoder.decode(streams, of: payload, by: method) == payload.bytes)
            let cost = try encoder.measure(payload, by: method, runs: 1)
            #expect(cost.bytes == streams.reduce(0) { $0 + $1.count })
        }
        #expect(kinds.count == PayloadKind.allCases.count)
    }

    @Test func aDeltaNeedsThePreviousVersion() throws {
        let item = try #require(
            (0..<200).first { Payload(seed: 1, item: $0).kind == .sealedPages })
        let payload = Payload(seed: 1, item: item)
        var encoder = try TransferEncoder()
        let delta = try encoder.measure(payload, by: .hde, runs: 1).bytes
        let alone = try encoder.measure(payload, by: .zstd, runs: 1).bytes
        #expect(delta * 10 < alone)
        let streams = try encoder.encode(payload, by: .hde)
        #expect(throws: ZstdError.self) {
            try zstdDecompress(streams[0][...], limit: payload.bytes.count)
        }
    }

    @Test func theOracleIsTheLeastCostAndItsEquals() {
        let costs = TransferCosts(
            hde: TransferCost(bytes: 1_000, cpuSeconds: 0),
            amst: TransferCost(bytes: 1_020, cpuSeconds: 0),
            zstd: TransferCost(bytes: 1_040, cpuSeconds: 0),
            none: TransferCost(bytes: 4_000, cpuSeconds: 0))
        func link(loss: Double) -> NetworkState {
            NetworkState(roundTrip: 10, bandwidth: 8, loss: loss, jitter: 1)
        }
        // 8 Mbps are 1,000,000 bytes a second.
        #expect(costs.seconds(.hde, over: link(loss: 0)) == 0.001)
        #expect(costs.seconds(.hde, over: link(loss: 0.5)) == 0.002)
        #expect(costs.oracle(over: link(loss: 0)) == [.hde, .amst])
        #expect(costs.oracle(over: link(loss: 0.2)) == [.amst])
    }

    @Test func requestsDependOnSeedAndNumberOnly() async throws {
        let pool = try await TransferPool.measure(seed: 3, count: 8)
        #expect(pool.entries.count == 8)
        for number in 0..<20 as Range<UInt64> {
            let transfer = pool.transfer(seed: 5, number: number)
            #expect(transfer == pool.transfer(seed: 5, number: number))
            #expect(transfer.features.values.count == TransferFeatures.names.count)
            #expect(transfer.features.values.allSatisfy { $0.isFinite })
            #expect(!transfer.truth.isEmpty)
        }
        let row = TrainingRows(pool: pool, seed: 5).row(0)
        #expect(
            row.split(separator: ",").count == TrainingRows.header.split(separator: ",").count)
    }
}

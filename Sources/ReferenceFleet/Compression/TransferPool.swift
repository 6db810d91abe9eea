/// Payloads whose four transfers were run and measured on this machine, drawn from by requests.
package struct TransferPool: Sendable {
    package struct Entry: Sendable, Hashable {
        package let kind: PayloadKind
        package let payloadBytes: Int
        package let traits: PayloadTraits
        package let costs: TransferCosts
    }

    /// At least one.
    package let entries: [Entry]
    /// How fast this machine compresses with zstd at level 3, in MB/s of input.
    package let machineSpeed: Double

    /// Generates `count` payloads (clamped to 1...20,000) and measures each method on each.
    ///
    /// 1,500 take a few seconds on two cores in a release build.
    package static func measure(seed: UInt64, count: Int, threads: Int = 2) async throws -> Self {
        let count = min(max(count, 1), 20_000)
        let threads = min(max(threads, 1), count)
        let measured = try await withThrowingTaskGroup { group in
            for worker in 0..<threads {
                group.addTask { try measure(seed, stride(from: worker, to: count, by: threads)) }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return TransferPool(
            entries: measured.sorted { $0.item < $1.item }.map(\.entry),
            machineSpeed: try measureMachineSpeed())
    }

    private static func measure(
        _ seed: UInt64, _ items: StrideTo<Int>
    ) throws -> [(item: Int, entry: Entry)] {
        var encoder = try TransferEncoder()
        var probe = try ZstdCompressor()
        var measured: [(item: Int, entry: Entry)] = []
        for item in items {
            try Task.checkCancellation()
            let payload = Payload(seed: seed, item: item)
            let costs = TransferCosts(
                hde: try encoder.measure(payload, by: .hde, runs: 2),
                amst: try encoder.measure(payload, by: .amst, runs: 2),
                zstd: try encoder.measure(payload, by: .zstd, runs: 2),
                none: try encoder.measure(payload, by: .none, runs: 1))
            let traits = try PayloadTraits(of: payload, probe: &probe)
            measured.append(
                (
                    item,
                    Entry(
                        kind: payload.kind, payloadBytes: payload.bytes.count, traits: traits,
                        costs: costs)
                ))
        }
        return measured
    }

    private static func measureMachineSpeed() throws -> Double {
        var content = PayloadContent(random: SeededRandom(seed: 1))
        let bytes = content.logs(262_144)
        var compressor = try ZstdCompressor()
        var best = Double.infinity
        for _ in 0..<5 {
            let start = ThreadClock.seconds()
            _ = try compressor.compress(bytes[...], level: TransferEncoder.level)
            best = min(best, ThreadClock.seconds() - start)
        }
        return Double(bytes.count) / 1e6 / max(best, 1e-9)
    }

    /// Transfer `number` below `seed`: a payload of the pool over a fresh network.
    package func transfer(seed: UInt64, number: UInt64) -> Transfer {
        var random = SeededRandom(seed: seed, item: number)
        let entry = entries[random.below(entries.count)]
        let network = NetworkState(random: &random)
        return Transfer(
            entry: entry, network: network,
            features: TransferFeatures(
                payload: entry.traits, network: network, machineSpeed: machineSpeed))
    }
}

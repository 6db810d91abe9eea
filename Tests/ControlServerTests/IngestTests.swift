import ControlServer
import Foundation
import History
import HummingbirdTesting
import RolloutCore
import Synchronization
import Testing

@Suite struct IngestTests {
    @Test func batchesAreTakenAsAListAsLinesAndAlone() async throws {
        try await serve { client, stand in
            let list = try await client.post(
                "/v1/observations", "[\(Sample.prediction("p1")), \(Sample.prediction("p2"))]")
            #expect(list.status == 202)
            #expect(
                list.text
                    == #"{"accepted":2,"corrected":0,"duplicates":0,"expired":0,"waiting":0}"#)
            let lines = try await client.post(
                "/v1/observations",
                Sample.prediction("p1") + "\r\n\n" + Sample.prediction("p3") + "\n",
                type: "application/x-ndjson; charset=utf-8")
            #expect(lines.text.contains(#""accepted":1"#))
            #expect(lines.text.contains(#""duplicates":1"#))
            let alone = try await client.post(
                "/v1/labels", Sample.label("p1", truth: #"["amst","hde"]"#))
            #expect(alone.status == 202)
            let facts = try stand.store.facts(
                after: 0, rollout: try RolloutName("compression-selector"), fromGeneration: 0,
                limit: 10)
            #expect(facts.count == 4)
            #expect(facts.first?.answer.unit == .max)
            let at = try #require(Timestamp("2026-11-20T15:00:00Z"))
            #expect(facts.last?.event == .labelled(correct: true, previously: nil, at: at))
        }
    }

    @Test func whatTheGatewayEncodesIsRead() async throws {
        try await serve { client, stand in
            let body = try await client.post("/v1/observations", Sample.prediction("p1"))
            #expect(body.status == 202)
            let name = try RolloutName("compression-selector")
            let stored = try stand.store.facts(after: 0, rollout: name, fromGeneration: 0, limit: 1)
            let answer = try #require(stored.first?.answer)
            let encoded = try JSONEncoder().encode([Observation.prediction(answer)])
            let again = try await client.post(
                "/v1/observations", String(decoding: encoded, as: UTF8.self))
            #expect(again.text.contains(#""duplicates":1"#))
        }
    }

    @Test(arguments: [
        (#""kind":"prediction""#, #""kind":"guess""#, #"field "kind": found "guess""#),
        (#""arm":"stable""#, #""arm":"left""#, #"field "arm": found "left", expected one of"#),
        ("6800", "-1", #"field "latencyMicroseconds": found -1, expected a whole number"#),
        ("6800", "1e3", #"found 1e3, expected a whole number"#),
        (#""generation":1,"#, "", #"field "generation": found nothing"#),
        (#""unit""#, #""unti""#, #"field "unit": found nothing"#),
        (#""unit""#, #""extra":1,"unit""#, #"unknown field "extra""#),
        ("2026-11-20T14", "2026-11-31T14", "expected a time in UTC"),
        (#""output":"hde""#, #""output":7"#, #"field "output": found 7"#),
        (#""region":"eu-west""#, #""region":"EU""#, #"field "region": found "EU""#),
        (#""unit""#, #""arm":"mirror","unit""#, #"key "arm" is there twice"#),
        ("18446744073709551615", "18446744073709551616", #"field "unit""#),
        ("18446744073709551615}", "1}}", "nothing may follow the value"),
        (#""hde""#, #""a\u000a""# + "\u{1}", "the body is not JSON"),
    ])
    func aBadItemIsNamedAndNothingIsStored(
        _ part: String, _ replacement: String, _ message: String
    ) async throws {
        try await serve { client, stand in
            let good = Sample.prediction("p1")
            let bad = good.replacing(part, with: replacement)
            #expect(bad != good)
            let lines = try await client.post(
                "/v1/observations", good + "\n" + bad, type: "application/x-ndjson")
            #expect(lines.status == 400)
            #expect(lines.text.hasPrefix(#"{"error":"item 1"#), "\(lines.text)")
            let text = lines.text.replacing(#"\""#, with: #"""#)
            let expected = message.replacing("the body is not JSON", with: "is not JSON")
            #expect(text.contains(expected), "\(text)")
            #expect(try stand.store.newestFact() == 0)
        }
    }

    @Test(
        "C3: what is no finite number is refused with its batch",
        arguments: [
            "NaN", "nan", "Infinity", "-Infinity", "1e999", "-1e999", "null", "true", "[1]", "{}",
            "\"1\"", "\"NaN\"", "0x10", "+1", ".5", "1.", "01", "",
        ])
    func C3_whatIsNoNumberIsRefused(_ value: String) async throws {
        @Sendable func measured(_ value: String) -> String {
            #"{"kind":"measurement","prediction":"p1","metric":"cost","value":\#(value),"#
                + #""at":"2026-11-20T14:02:12Z"}"#
        }
        try await serve { client, stand in
            let bad = try await client.post(
                "/v1/observations", Sample.prediction("p1") + "\n" + measured(value),
                type: "application/x-ndjson")
            #expect(bad.status == 400, "\(bad.text)")
            #expect(try stand.store.newestFact() == 0)
            let good = try await client.post(
                "/v1/observations", Sample.prediction("p1") + "\n" + measured("-1.5e2"),
                type: "application/x-ndjson")
            #expect(good.status == 202, "\(good.text)")
            #expect(try stand.store.newestFact() == 2)
        }
    }

    @Test func E1_aFullDiskIs507() async throws {
        try await serve { client, stand in
            stand.full.withLock { $0 = true }
            let answer = try await client.post("/v1/observations", Sample.prediction("p1"))
            #expect(answer.status == 507)
            #expect(answer.text.contains("free some space"))
        }
    }

    @Test func C20_largeBodiesAndBatchesAreRefused() async throws {
        var configuration = ControlServer.Configuration()
        configuration.limits.ingestBytes = 64 * 1024
        configuration.limits.items = 3
        try await serve(configuration) { client, stand in
            let items = Array(repeating: Sample.prediction("p1"), count: 4)
            let many = try await client.post(
                "/v1/observations", "[\(items.joined(separator: ","))]")
            #expect(many.status == 413)
            #expect(many.text.contains("found 4 items, expected at most 3"))
            #expect(try stand.store.newestFact() == 0)
        }
        try await serve(configuration) { client, _ in
            let large = try await client.post(
                "/v1/observations", String(repeating: " ", count: 65 * 1024) + "[]")
            #expect(large.status == 413)
        }
    }

    @Test func otherContentTypesAreRefused() async throws {
        try await serve { client, _ in
            let answer = try await client.post(
                "/v1/observations", Sample.prediction("p1"), type: "text/plain")
            #expect(answer.status == 415)
        }
    }
}

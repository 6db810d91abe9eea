import Evidence
import Foundation
import History
import RolloutCore
import Testing

@testable import Signals

@Suite struct EvidenceBookTests {
    private func counts(_ book: EvidenceBook, now: Timestamp = Scene.start) -> [String: Int] {
        var counts: [String: Int] = [:]
        for evidence in book.evidence(now: now) {
            let place = evidence.region.map { "/\($0)" } ?? ""
            counts["\(evidence.guardrail)\(place)"] = evidence.process.counted?.trials
        }
        return counts
    }

    @Test func factsCountOnceHoweverOftenTheyCome() {
        var tape = Tape()
        tape.answers(20, .candidate, failing: 5)
        var book = EvidenceBook(Scene.run(advances: 1, guardrails: [Scene.errors]))
        for fact in tape.facts { book.fold(fact) }
        let once = book
        for fact in tape.facts.reversed() { book.fold(fact) }
        #expect(book == once && book.lastFact == 20)
        #expect(counts(book) == ["errors": 20])
    }

    @Test func onlyTheRunsOwnFactsCount() {
        var book = EvidenceBook(Scene.run(advances: 1, guardrails: [Scene.errors]))
        var tape = Tape()
        tape.answers(5, .candidate, generation: 2)
        tape.answers(7, .candidate, generation: 3)
        for fact in tape.facts { book.fold(fact) }
        let other = Prediction(
            prediction: "x", arm: .candidate, rollout: Scene.id("other"), region: Scene.eu,
            generation: 3, version: Scene.served("2.0.0", "b").reference, at: Scene.start,
            latencyMicroseconds: 1, output: nil, confidence: nil, unit: 0)
        book.fold(Fact(sequence: 99, answer: other, event: .answered))
        #expect(counts(book) == ["errors": 7])
        #expect(book.lastFact == 99)
    }

    // 15: a stage never inherits what an earlier one saw.
    @Test func aNewStageBeginsAnewAndANewStepGoesOn() {
        let guardrails = [Scene.errors]
        var book = EvidenceBook(Scene.run(advances: 1, guardrails: guardrails))
        var tape = Tape()
        tape.answers(10, .candidate, generation: 3)
        for fact in tape.facts { book.fold(fact) }
        #expect(book.regionTraffic[Scene.eu]?.candidate == 10)

        // gradual 60 %
        book.follow(Scene.run(advances: 2, guardrails: guardrails))
        #expect(counts(book) == ["errors": 0])
        #expect(book.regionTraffic.isEmpty)
        var later = tape
        later.answers(4, .candidate, generation: 3)
        later.answers(6, .candidate, generation: 4)
        for fact in later.facts.dropFirst(10) { book.fold(fact) }
        #expect(counts(book) == ["errors": 6])

        // gradual 80 %: the same stage, another step
        book.follow(Scene.run(advances: 3, guardrails: guardrails))
        #expect(counts(book) == ["errors": 6])
        #expect(book.regionTraffic.isEmpty)
        var last = later
        last.answers(2, .candidate, generation: 4)
        last.answers(3, .candidate, generation: 5)
        for fact in last.facts.dropFirst(20) { book.fold(fact) }
        #expect(counts(book) == ["errors": 11])
        // Traffic is that of the step alone, or a silent step would look alive.
        #expect(book.regionTraffic[Scene.eu]?.candidate == 3)
    }

    @Test func followingTheSameStepChangesNothing() {
        var book = EvidenceBook(Scene.run(advances: 1, guardrails: [Scene.errors, Scene.ratio]))
        var tape = Tape()
        tape.answers(10, .candidate)
        for fact in tape.facts { book.fold(fact) }
        let before = book
        book.follow(Scene.run(advances: 1, guardrails: [Scene.errors, Scene.ratio]))
        #expect(book == before)
    }

    @Test func metersAreThoseOfTheStage() {
        let all = [
            Scene.agreement, Scene.errors, Scene.rise, Scene.throughput, Scene.ratio, Scene.sliced,
        ]
        func names(_ advances: Int) -> [String] {
            EvidenceBook(Scene.run(advances: advances, guardrails: all)).evidence(now: Scene.start)
                .map { $0.guardrail.rawValue + ($0.region.map { "/\($0)" } ?? "") }
        }
        let sliced = ["sliced", "sliced/eu", "sliced/us"]
        #expect(names(0) == ["agreement", "errors"] + sliced)
        #expect(names(1) == ["errors", "rise", "throughput", "ratio"] + sliced)
        #expect(names(4) == ["errors"] + sliced)
    }

    // A correction has a generation of its own and no shares of its own.
    @Test func aCorrectionKeepsTheSharesOfItsStep() {
        var book = EvidenceBook(Scene.run(advances: 1, guardrails: [Scene.ratio]))
        var tape = Tape()
        for index in 0..<10 {
            tape.add(
                Scene.answer(
                    "\(index)", index < 5 ? .candidate : .stable, generation: 7,
                    unit: UInt64(index)))
        }
        for fact in tape.facts { book.fold(fact) }
        #expect(counts(book) == ["ratio": 10])
    }

    @Test func trafficIsCountedByRegionAndArm() {
        var book = EvidenceBook(Scene.run(advances: 1, guardrails: [Scene.errors]))
        var tape = Tape()
        tape.answers(3, .candidate, region: Scene.eu)
        tape.answers(5, .stable, region: Scene.eu)
        tape.answers(2, .mirror, region: Scene.us)
        tape.answers(9, .fallback, region: Scene.us)
        for fact in tape.facts { book.fold(fact) }
        let (eu, us) = (book.regionTraffic[Scene.eu], book.regionTraffic[Scene.us])
        #expect(eu?.candidate == 3 && eu?.stable == 5)
        #expect(eu?.candidateLast == Scene.start + .seconds(2))
        #expect(eu?.stableLast == Scene.start + .seconds(7))
        #expect(us?.candidate == 2 && us?.stable == 0 && us?.stableLast == nil)
    }

    // MARK: Labels

    @Test func coverageCountsWhatIsDue() {
        var book = EvidenceBook(Scene.run(advances: 1, guardrails: [Scene.accuracy]))
        var tape = Tape()
        // One answer a second; every fourth has its label, within 160 s allowed.
        for second in 0..<400 {
            let answer = Scene.answer("\(second)", .candidate, second: Int64(second))
            tape.add(answer)
            guard second.isMultiple(of: 4) else { continue }
            tape.add(answer, .labelled(correct: true, previously: nil))
            tape.add(answer, .labelled(correct: false, previously: true))
        }
        for fact in tape.facts { book.fold(fact) }
        func coverage(_ second: Int64) -> LabelCoverage? {
            book.evidence(now: Scene.start + .seconds(second)).first?.labels
        }
        #expect(coverage(150)?.due == 0)
        #expect(coverage(150)?.fraction == 1)
        let half = coverage(360)
        #expect((185...200).contains(half?.due ?? 0))
        #expect((half.map { $0.fraction } ?? 0) > 0.24 && (half.map { $0.fraction } ?? 1) < 0.27)
        #expect(coverage(10_000)?.due == 400 && coverage(10_000)?.arrived == 100)
    }

    // Memory does not grow with time: cohorts beyond the newest are added up.
    @Test func oldCohortsAreAddedUp() throws {
        var ledger = LabelLedger(maxLag: .seconds(16))
        var tape = Tape()
        for second in 0..<5_000 {
            tape.add(Scene.answer("\(second)", .candidate, second: Int64(second)))
        }
        for fact in tape.facts { ledger.fold(fact) }
        // A label for one that was added up long ago.
        ledger.fold(
            Fact(
                sequence: 9_999, answer: Scene.answer("0", .candidate),
                event: .labelled(correct: true, previously: nil)))
        let coverage = ledger.coverage(now: Scene.start + .seconds(100_000))
        #expect(coverage.due == 5_000 && coverage.arrived == 1)
        #expect(try JSONEncoder().encode(ledger).count < 20_000)
    }

    @Test func withoutARuleThereIsNoCoverage() {
        let book = EvidenceBook(Scene.run(advances: 1, guardrails: [Scene.errors]))
        #expect(book.evidence(now: Scene.start).first?.labels == nil)
    }

    @Test func booksSurviveJSON() throws {
        let guardrails = [
            Scene.errors, Scene.rise, Scene.throughput, Scene.ratio, Scene.accuracy, Scene.drop,
        ]
        var book = EvidenceBook(Scene.run(advances: 1, guardrails: guardrails))
        var tape = Tape()
        for index in 0..<700 {
            let answer = Scene.answer(
                "\(index)", index.isMultiple(of: 2) ? .candidate : .stable, ok: index % 9 != 0,
                region: index % 3 == 0 ? Scene.eu : Scene.us, second: Int64(index),
                unit: UInt64(index % 200))
            tape.add(answer)
            tape.add(answer, .labelled(correct: index % 7 != 0, previously: nil))
            tape.add(
                answer, .measured(metric: "throughput", value: Scene.finite(Double(index % 13))))
        }
        for fact in tape.facts { book.fold(fact) }
        let read = try JSONDecoder().decode(
            EvidenceBook.self, from: try JSONEncoder().encode(book))
        #expect(read == book)
    }
}

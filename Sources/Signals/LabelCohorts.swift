import Evidence
import History
import RolloutCore

/// Predictions by the time of their request, so that both versions are compared at equal label age.
///
/// A cohort is counted once, when it is as old as labels usually take, with the labels that have
/// come by then; later ones are for reports. A young cohort of the candidate is never set against
/// an old one of stable, and quick labels, which may be the easy ones, have no head start.
struct LabelCohorts: Codable, Sendable, Hashable {
    /// Cohorts that are open at once, about: each is 1/64 of the label lag wide.
    private static let openMax = 64

    /// One region in one visit of a stage: the split and the level of both versions are their own.
    struct Stratum: Codable, Sendable, Hashable {
        let region: RegionName
        let visit: StageVisit
    }

    /// What was answered and labelled of one version.
    struct Count: Codable, Sendable, Hashable {
        var answered = 0
        var labelled = 0
        var wrong = 0
    }

    /// What a cohort has of one stratum.
    struct Tally: Codable, Sendable, Hashable {
        var candidate = Count()
        var stable = Count()
        /// Requests that both answered: only the candidate was right, both or neither, only stable.
        var better = 0
        var equal = 0
        var worse = 0
    }

    private struct Cohort: Codable, Sendable, Hashable {
        var from: Int64
        var tallies: [Entry] = []

        struct Entry: Codable, Sendable, Hashable {
            let stratum: Stratum
            var tally = Tally()
        }

        subscript(_ stratum: Stratum) -> Tally {
            get { tallies.first { $0.stratum == stratum }?.tally ?? Tally() }
            set {
                if let index = tallies.firstIndex(where: { $0.stratum == stratum }) {
                    tallies[index].tally = newValue
                } else {
                    tallies.append(Entry(stratum: stratum, tally: newValue))
                }
            }
        }
    }

    /// From the policy: the age at which answers are counted, and the most that is waited for.
    private let after: TimeSpan?
    private let most: TimeSpan?
    /// The generation in which a person began accuracy anew.
    private let renewed: Int?
    /// The first generation whose answers count. What one before it answered is unknown here, and a
    /// label for that would be one too many.
    private var first: Int
    private var delay = LabelDelay()
    /// In order of time; each ends where the next begins.
    private var open: [Cohort] = []
    private var countedBefore = Int64.min
    private var due = 0
    private var arrived = 0
    private var late = 0
    private var arrival: ProportionComparison?
    private var arrivals: [RegionName: LabelArrivals] = [:]

    init(after: TimeSpan?, most: TimeSpan?, renewed: Int? = nil, first: Int = 0) {
        self.after = after
        self.most = most
        self.renewed = renewed
        self.first = first
        // One point more or less is no selection worth stopping for.
        arrival = try? ProportionComparison(
            limit: .rise(points: 0.01), promoteLimit: .rise(points: -0.01))
    }

    /// The age at which answers are counted; `nil` while nothing is known of how late labels are.
    var lag: TimeSpan? { after ?? delay.lag }

    /// Begins anew where the policy or a person says so, and else goes on. How late labels are is no
    /// evidence and stays known: whoever learns it anew hears of the quick ones first.
    mutating func follow(_ wanted: LabelCohorts) {
        if after == wanted.after, most == wanted.most, renewed == wanted.renewed {
            // A history that was given up may have been further.
            first = min(first, wanted.first)
        } else {
            let known = most == wanted.most ? delay : wanted.delay
            self = wanted
            delay = known
        }
    }

    /// - Parameter clock: the newest answer's time. A label is as late as it comes here, whatever its
    ///   sender says of it: one that waits in a queue for longer than labels are said to take would
    ///   come too late for its cohort, and so would all others, for ever.
    mutating func fold(_ fact: Fact, in visit: StageVisit, clock: Timestamp) {
        guard fact.answer.arm != .fallback, fact.answer.generation >= first else { return }
        switch fact.event {
        case .answered:
            update(fact, visit) { $0.answered += 1 }
        case .labelled(let correct, previously: nil, let at):
            delay.observe(max(at, clock) - fact.answer.at, most: most)
            update(fact, visit) {
                $0.labelled += 1
                $0.wrong += correct ? 0 : 1
            }
        case .compared(let candidate, let stable):
            guard let index = index(of: fact.answer.at.milliseconds) else { return }
            let stratum = Stratum(region: fact.answer.region, visit: visit)
            switch (candidate, stable) {
            case (true, false): open[index][stratum].better += 1
            case (false, true): open[index][stratum].worse += 1
            default: open[index][stratum].equal += 1
            }
        case .labelled, .measured, .paired: break
        }
    }

    private mutating func update(
        _ fact: Fact, _ visit: StageVisit, _ change: (inout Count) -> Void
    ) {
        let isCandidate = fact.answer.arm != .stable
        guard let index = index(of: fact.answer.at.milliseconds) else {
            if isCandidate, case .labelled = fact.event {
                late += 1
                arrived += 1
            }
            return
        }
        let stratum = Stratum(region: fact.answer.region, visit: visit)
        if isCandidate {
            change(&open[index][stratum].candidate)
        } else {
            change(&open[index][stratum].stable)
        }
    }

    /// The cohort of a time; `nil` when it has been counted.
    private mutating func index(of at: Int64) -> Int? {
        guard at >= countedBefore else { return nil }
        guard let last = open.last else {
            open = [Cohort(from: at)]
            return 0
        }
        let width = max((lag?.milliseconds ?? 0) / Int64(Self.openMax), 100)
        if at >= last.from, at - last.from >= width {
            open.append(Cohort(from: at))
            if open.count > 4 * Self.openMax { mergeOldest() }
            return open.count - 1
        }
        guard let index = open.lastIndex(where: { $0.from <= at }) else {
            open[0].from = at
            return 0
        }
        return index
    }

    private mutating func mergeOldest() {
        let oldest = open.removeFirst()
        guard !open.isEmpty else { return }
        open[0].from = oldest.from
        for entry in oldest.tallies {
            var tally = open[0][entry.stratum]
            tally.add(entry.tally)
            open[0][entry.stratum] = tally
        }
    }

    /// Takes out what has reached the age of its labels.
    mutating func mature(clock: Timestamp) -> [(stratum: Stratum, tally: Tally)] {
        guard let lag else { return [] }
        var matured: [(stratum: Stratum, tally: Tally)] = []
        // The newest cohort has no end yet.
        while open.count > 1, open[1].from <= (clock - lag).milliseconds {
            let cohort = open.removeFirst()
            countedBefore = open[0].from
            for entry in cohort.tallies {
                count(entry, from: cohort.from)
                matured.append((entry.stratum, entry.tally))
            }
        }
        return matured
    }

    private mutating func count(_ entry: Cohort.Entry, from: Int64) {
        due += entry.tally.candidate.answered
        arrived += entry.tally.candidate.labelled
        // In shadow both answer every request, and one label is for both.
        guard entry.stratum.visit.stage != .shadow else { return }
        var arrivals = arrivals[entry.stratum.region] ?? LabelArrivals()
        if let block = arrivals.add(entry.tally, from: from) { try? arrival?.observe(block) }
        self.arrivals[entry.stratum.region] = arrivals
    }

    var coverage: LabelCoverage {
        let uneven = arrival?.reading(alpha: ErrorBudget.dataLevel)
        return LabelCoverage(
            due: due, arrived: min(arrived, due), late: late, lag: lag,
            unevenLogE: max(uneven?.rollbackLogE ?? 0, uneven?.promoteLogE ?? 0) - directions)
    }

    /// log 2: unevenness is looked for in both directions.
    private var directions: Double { LogDomain.log2 }
}

extension LabelCohorts.Tally {
    fileprivate mutating func add(_ other: LabelCohorts.Tally) {
        candidate.add(other.candidate)
        stable.add(other.stable)
        better += other.better
        equal += other.equal
        worse += other.worse
    }
}

extension LabelCohorts.Count {
    mutating func add(_ other: LabelCohorts.Count) {
        answered += other.answered
        labelled += other.labelled
        wrong += other.wrong
    }
}

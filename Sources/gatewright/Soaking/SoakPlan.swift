import ArgumentParser
import ReferenceFleet

/// A kind of fault that is done to real processes.
enum SoakFault: String, CaseIterable, Codable, ExpressibleByArgument {
    /// `kill -9` of the controller.
    case kill
    /// The controller is stopped (SIGSTOP) and goes on later.
    case stop
    /// The git server or a gateway is killed, and comes back on its port.
    case port
    /// The controller's disk has no byte left, until somebody makes room.
    case fullDisk = "full-disk"
    /// The controller's wall clock jumps, and is put right later. The steady clock goes on.
    case clock
}

/// What happens in one cycle. A cycle depends on the seed and its number alone.
struct SoakCycle: Equatable {
    enum Deed: Equatable {
        case kill
        case stop
        case gitPort
        case gatewayPort(Int)
        /// With a restart, a controller has to begin its life on the full disk.
        case fullDisk(restarting: Bool)
        /// With a restart, a life begins and ends under the wrong time.
        case clock(seconds: Int, restarting: Bool)
    }

    let number: Int
    let fault: SoakFault
    let deed: Deed
    /// Whether the next record is waited for, because much can go wrong just after it.
    let afterRecord: Bool
    /// From the beginning of the cycle, or from that record.
    let delay: Duration
    let lasts: Duration

    init(_ number: Int, seed: UInt64, faults: [SoakFault], gateways: Int) {
        precondition(!faults.isEmpty && gateways > 0, "there is something to break")
        var random = SeededRandom(seed: seed, item: UInt64(clamping: number))
        self.number = number
        fault = faults[Int.random(in: faults.indices, using: &random)]
        afterRecord = Bool.random(using: &random)
        delay = .milliseconds(Int.random(in: 0...(afterRecord ? 150 : 700), using: &random))
        let (lasts, restarting) = (
            Int.random(in: 200...1_200, using: &random), Bool.random(using: &random)
        )
        switch fault {
        case .kill:
            deed = .kill
            self.lasts = .milliseconds(lasts / 4)
        case .stop:
            deed = .stop
            self.lasts = .milliseconds(lasts * 2)
        case .port:
            let gateway = Int.random(in: 0..<gateways, using: &random)
            deed = restarting ? .gitPort : .gatewayPort(gateway)
            self.lasts = .milliseconds(lasts)
        case .fullDisk:
            deed = .fullDisk(restarting: restarting)
            self.lasts = .milliseconds(lasts)
        case .clock:
            let offsets = [-86_400, -3_600, -10, 10, 3_600, 86_400]
            let offset = offsets[Int.random(in: offsets.indices, using: &random)]
            deed = .clock(seconds: offset, restarting: restarting)
            self.lasts = .milliseconds(lasts + 600)
        }
    }
}

extension SoakCycle.Deed: CustomStringConvertible {
    private static let again = ", and the controller starts again"

    var description: String {
        switch self {
        case .kill: "kill -9 of the controller"
        case .stop: "the controller is stopped"
        case .gitPort: "the git server is gone"
        case .gatewayPort(let index): "gateway \(SoakWorld.regions[index]) is gone"
        case .fullDisk(let restarting): "the disk is full" + (restarting ? Self.again : "")
        case .clock(let seconds, let restarting):
            "the clock is \(seconds) s off" + (restarting ? Self.again : "")
        }
    }
}

/// Versions that people ask for, one after another, and how good each is.
struct SoakVersion: Equatable {
    enum Quality: String, Equatable {
        /// As right as the model that it is.
        case good
        /// Right often enough for canary, and not for gradual.
        case poor
        /// Wrong nearly always; found in canary.
        case awful
    }

    let rollout: String
    let name: String
    let quality: Quality
    /// Whether people do not wait for its end, and ask for the next one meanwhile.
    let isOvertaken: Bool
    /// How long they wait until they ask for the next one: after its end, or after asking for it.
    let pause: Duration

    /// - Parameter number: counted from 1; the first is good, because it is taken at its word.
    init(_ number: Int, of rollout: String, seed: UInt64) {
        self.rollout = rollout
        name = "\(number).0.0"
        var random = SeededRandom(
            seed: seed ^ rollout.utf8.reduce(0) { ($0 &* 31) &+ UInt64($1) },
            item: UInt64(clamping: number))
        let draw = Int.random(in: 0..<4, using: &random)
        quality = number == 1 || draw < 2 ? .good : draw == 2 ? .poor : .awful
        isOvertaken = number > 1 && Int.random(in: 0..<6, using: &random) == 0
        pause = .milliseconds(
            isOvertaken
                ? Int.random(in: 500...4_000, using: &random)
                : Int.random(in: 0...400, using: &random))
    }

    var isGood: Bool { quality == .good }
}

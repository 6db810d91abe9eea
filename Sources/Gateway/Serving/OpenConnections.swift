import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1

/// The connections of one listener: how many there may be, and how they end at shutdown.
final class OpenConnections: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var draining = false
    }

    private let most: Int
    private let state = NIOLockedValueBox(State())

    init(most: Int) { self.most = most }

    var count: Int { state.withLockedValue { $0.channels.count } }

    /// `false` when there are enough, or none are wanted any more.
    func admit(_ channel: any Channel) -> Bool {
        let key = ObjectIdentifier(channel)
        let admitted = state.withLockedValue { state in
            guard !state.draining, state.channels.count < most else { return false }
            state.channels[key] = channel
            return true
        }
        if admitted {
            channel.closeFuture.whenComplete { _ in
                self.state.withLockedValue { _ = $0.channels.removeValue(forKey: key) }
            }
        }
        return admitted
    }

    /// Lets each connection finish the request that it is at, and closes what is left at the end.
    func drain(until end: ContinuousClock.Instant) async {
        let channels = state.withLockedValue { state in
            state.draining = true
            return Array(state.channels.values)
        }
        for channel in channels {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
        while count > 0, ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(5))
        }
        for channel in state.withLockedValue({ Array($0.channels.values) }) {
            channel.close(promise: nil)
        }
    }
}

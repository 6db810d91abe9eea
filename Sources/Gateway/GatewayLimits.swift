import NIOCore
import NIOHTTP1
package import RolloutCore

/// Every bound of the gateway, each with its reason.
package struct GatewayLimits: Sendable, Hashable {
    /// Bytes of one header field or of the request line. 8 KiB is what most proxies before us
    /// pass on.
    package var headerFieldBytes = 8 * 1024
    /// Bytes of all headers of one request: room for cookies and tracing, not for an attack.
    package var headerBytes = 32 * 1024
    package var headerCount = 100
    /// Time from a connection's start until its first request's headers are whole (slowloris).
    package var headerTime = TimeSpan.seconds(10)
    /// Time from the headers to the end of the body.
    package var bodyTime = TimeSpan.seconds(30)
    /// Time from an answer until the next request's headers are whole; longer than the keep-alive
    /// of the usual load balancers, so that they close first.
    package var idleTime = TimeSpan.seconds(75)
    /// Bytes of a request's body and of a version's answer: an outside query is 4 MiB at the most.
    package var bodyBytes = 4 * 1024 * 1024
    /// Bytes of an admin body. A route is under 2 KiB.
    package var adminBodyBytes = 64 * 1024
    /// Open connections of the data listener; each may hold one body.
    package var connections = 4_096
    /// Open connections of the admin listener: controllers, scrapers and people.
    package var adminConnections = 64

    /// Time for a version's answer when the route names no fallback time-out.
    package var upstreamTime = TimeSpan.seconds(10)
    package var connectTime = TimeSpan.seconds(2)
    /// Connections to one endpoint from one event loop.
    package var upstreamConnections = 256
    /// Requests that wait for one of them; more are refused at once rather than late.
    package var upstreamQueue = 1_024
    /// Kept below the idle time of the usual model servers, which close at 5 s and more.
    package var upstreamIdleTime = TimeSpan.seconds(4)

    /// Mirroring may use this much and no more, for each event loop and endpoint: few connections,
    /// a short queue of few bytes, small answers. What does not fit is dropped and counted.
    package var mirrorConnections = 16
    package var mirrorQueue = 64
    package var mirrorQueueBytes = 8 * 1024 * 1024
    package var mirrorTime = TimeSpan.seconds(5)
    package var mirrorAnswerBytes = 256 * 1024

    /// Observations that wait for the controller; about 20 MiB. More are dropped and counted.
    package var observations = 65_536
    package var observationBatch = 500
    package var observationInterval = TimeSpan(milliseconds: 250)
    /// Time for one delivery to be answered.
    package var observationTime = TimeSpan.seconds(10)
    package var observationBackoff = TimeSpan.seconds(10)

    /// Rollouts in the table, as many as the controller handles.
    package var routes = 10_000
    /// Distinct label sets in `/metrics`; more are counted under `other`.
    package var metricSeries = 4_096
    /// Time that a shutdown gives to requests in flight, and then again to observations.
    package var drainTime = TimeSpan.seconds(10)

    package init() {}

    var decoder: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = headerFieldBytes
        limits.maxHeaderListSize = headerBytes
        limits.maxHeaderFieldCount = headerCount
        return limits
    }
}

extension TimeSpan {
    var amount: TimeAmount { .milliseconds(milliseconds) }
}

import Foundation
import NIOCore
import NIOHTTP1
import RolloutCore

/// One inference request from choice to answer, then its copy to the candidate. Bound to its loop.
final class InferenceExchange {
    private let plane: DataPlane
    private let served: ServedRoute
    private let body: ByteBuffer
    private let headers: HTTPHeaders
    private let requestID: String
    private let prediction: String
    private let stickyKey: String
    private let arrived: NIODeadline
    private let at: Timestamp
    private let reply: (WholeResponse) -> Void
    /// Whether stable was chosen; what the candidate serves itself needs no copy.
    private var copies = false

    private var route: Route { served.route }

    init(
        plane: DataPlane, served: ServedRoute, head: HTTPRequestHead, body: ByteBuffer,
        parsed: InferenceRequest, arrived: NIODeadline, reply: @escaping (WholeResponse) -> Void
    ) {
        self.plane = plane
        self.served = served
        self.arrived = arrived
        self.reply = reply
        at = .now
        let own = parsed.id.flatMap { PredictionID.accepts($0) ? $0 : nil }
        prediction = own ?? PredictionID.random()
        requestID = parsed.id ?? prediction
        self.body = parsed.body(body, named: prediction)
        var key: String?
        if case .header(let name) = served.route.stickyBy { key = head.headers.first(name: name) }
        stickyKey = key ?? requestID
        var headers = ForwardedHeaders.passed(head.headers)
        headers.add(name: "x-gatewright-prediction", value: prediction)
        self.headers = headers
    }

    /// Serves by the route, and counts as evidence.
    func start() {
        var arm = Arm.stable
        var target = served.stable
        if let candidate = served.candidate,
            StickyHash.falls(stickyKey, into: route.share, .split, salt: route.salt)
        {
            (arm, target) = (.candidate, candidate)
        }
        copies = arm == .stable
        let fallback = served.fallback.flatMap { $0.backend == target.backend ? nil : $0 }
        let time = fallback == nil ? plane.limits.upstreamTime : timeBeforeFallback
        ask(target, within: time) { [self] outcome in
            if let fallback, !isGoodEnough(outcome) {
                record(outcome, arm, target, word: outcome.answer == nil ? outcome.word : "unsure")
                fallBack(to: fallback, from: (outcome, arm, target))
            } else {
                record(outcome, arm, target, word: outcome.word)
                finish(outcome, arm.rawValue, target)
            }
        }
    }

    /// Serves a version that the caller named. The caller's choice says nothing about the split,
    /// so it is no evidence.
    func start(as target: ServedRoute.Target) {
        ask(target, within: plane.limits.upstreamTime) { [self] outcome in
            finish(outcome, "explicit", target)
        }
    }

    private var timeBeforeFallback: TimeSpan {
        let time = route.fallback?.timeout ?? .zero
        return time > .zero ? min(time, plane.limits.upstreamTime) : plane.limits.upstreamTime
    }

    /// A version that says no confidence is taken at its word.
    private func isGoodEnough(_ outcome: VersionOutcome) -> Bool {
        guard let answer = outcome.answer else { return false }
        guard let least = route.fallback?.minConfidence, let confidence = answer.confidence else {
            return true
        }
        return confidence >= least
    }

    private func fallBack(
        to target: ServedRoute.Target,
        from first: (outcome: VersionOutcome, arm: Arm, target: ServedRoute.Target)
    ) {
        ask(target, within: plane.limits.upstreamTime) { [self] outcome in
            record(outcome, .fallback, target, word: outcome.word)
            if outcome.answer != nil {
                finish(outcome, Arm.fallback.rawValue, target)
            } else {
                // An unsure answer is better than none, and the first error says more.
                finish(first.outcome, first.arm.rawValue, first.target)
            }
        }
    }

    private func ask(
        _ target: ServedRoute.Target, within time: TimeSpan,
        done: @escaping (VersionOutcome) -> Void
    ) {
        let request = UpstreamRequest(
            method: .POST, path: target.inferPath, headers: headers, body: body,
            deadline: .now() + time.amount, answerBytesMax: plane.limits.bodyBytes)
        plane.ask(target.endpoint, request) { done(VersionOutcome($0, of: target)) }
    }

    private func finish(_ outcome: VersionOutcome, _ arm: String, _ target: ServedRoute.Target) {
        var response: WholeResponse
        switch outcome {
        case .answered(let answer, let read):
            response = WholeResponse(
                answer.status, headers: ForwardedHeaders.passed(answer.headers),
                body: read.body(answer.body, named: requestID))
        case .failed(_, let answer?):
            response = WholeResponse(
                answer.status, headers: ForwardedHeaders.passed(answer.headers), body: answer.body)
        case .failed(let reason, nil): response = reason.response(version: target.version)
        }
        response.headers.add(name: "x-gatewright-rollout", value: served.rollout)
        response.headers.add(name: "x-gatewright-version", value: target.version)
        response.headers.add(name: "x-gatewright-digest", value: target.digest)
        response.headers.add(name: "x-gatewright-arm", value: arm)
        response.headers.add(name: "x-gatewright-prediction", value: prediction)
        reply(response)
        if copies { mirror() }
    }

    /// Copies the request to the candidate. Called when the caller's answer is already with the
    /// socket. What comes back is recorded and thrown away.
    private func mirror() {
        guard let candidate = served.candidate,
            StickyHash.falls(prediction, into: route.mirror, .mirror, salt: route.salt)
        else { return }
        let copied = NIODeadline.now()
        var sent: NIODeadline?
        let request = UpstreamRequest(
            method: .POST, path: candidate.inferPath, headers: ForwardedHeaders.mirrored(headers),
            body: body, deadline: copied + plane.limits.mirrorTime.amount,
            answerBytesMax: plane.limits.mirrorAnswerBytes)
        // Copies have few connections. That one waited for them, or in vain, is our doing and not
        // the candidate's, which has all its time from when it is asked.
        let time = plane.limits.mirrorTime.amount
        func sending(_ request: inout UpstreamRequest) {
            let now = NIODeadline.now()
            sent = now
            request.deadline = now + time
        }
        plane.mirror(candidate.endpoint, request, sending: sending) { [self] result in
            switch result {
            case .failure(.busy): return plane.metrics.count(.mirrorDropped)
            case .failure(.timeout) where sent == nil:
                return plane.metrics.count(.mirrorDropped)
            default: break
            }
            let outcome = VersionOutcome(result, of: candidate)
            record(outcome, .mirror, candidate, word: outcome.word, since: sent ?? copied)
        }
    }

    private func record(
        _ outcome: VersionOutcome, _ arm: Arm, _ target: ServedRoute.Target, word: String,
        since start: NIODeadline? = nil
    ) {
        // Requests that our own shutdown cuts off say nothing about a version.
        if plane.draining, outcome.answer == nil { return }
        // A copy begins when it is sent: stable's time is not the candidate's.
        let microseconds = (NIODeadline.now() - (start ?? arrived)).nanoseconds / 1_000
        plane.metrics.answered(
            rollout: served.rollout, version: target.version, arm: arm, outcome: word,
            microseconds: microseconds)
        plane.sink.record(
            Prediction(
                prediction: prediction, arm: arm, rollout: route.rollout, region: route.region,
                generation: route.generation, version: target.backend.reference, at: at,
                latencyMicroseconds: microseconds, output: outcome.answer?.output,
                confidence: outcome.answer?.confidence,
                unit: StickyHash.value(.unit, salt: route.salt, key: stickyKey)))
    }
}

extension Timestamp {
    /// The system's clock.
    static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

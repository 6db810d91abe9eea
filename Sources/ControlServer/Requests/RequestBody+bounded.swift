import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

extension Request {
    /// The whole body, with its size and its time bounded while it streams in.
    func bytes(upTo limit: Int, within seconds: Int64) async throws -> [UInt8] {
        let tooLarge = APIError(.contentTooLarge, "the body may have \(limit) bytes")
        let length = headers[.contentLength].flatMap { Int($0) }
        if let length, length > limit { throw tooLarge }
        return try await withThrowingTaskGroup(of: [UInt8].self) { group in
            let body = body
            group.addTask {
                var bytes: [UInt8] = []
                do {
                    for try await part in body {
                        guard bytes.count + part.readableBytes <= limit else { throw tooLarge }
                        bytes.append(contentsOf: part.readableBytesView)
                    }
                } catch let error as APIError {
                    throw error
                } catch {
                    throw APIError.invalid("the body broke off after \(bytes.count) bytes")
                }
                return bytes
            }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                throw APIError(.requestTimeout, "the body took longer than \(seconds) s")
            }
            defer { group.cancelAll() }
            guard let bytes = try await group.next() else { throw CancellationError() }
            return bytes
        }
    }
}

/// Lets so many batches be read and stored at once.
final class IngestGate: Sendable {
    private let places: Mutex<Int>

    init(_ places: Int) { self.places = Mutex(places) }

    func run<Value: Sendable>(_ work: () async throws -> Value) async throws -> Value {
        let entered = places.withLock { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
        guard entered else { throw APIError(.serviceUnavailable, "busy; send again") }
        defer { places.withLock { $0 += 1 } }
        return try await work()
    }
}

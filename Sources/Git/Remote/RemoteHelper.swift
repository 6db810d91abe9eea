internal import Foundation

/// The whole life of a helper process: one request in, one answer out, exit.
///
/// The parent keeps standard input open while it waits. When it dies, input ends and the helper
/// exits at once. (A death signal would not do: Linux sends it when the *thread* that spawned us
/// ends, and threads of a pool come and go.)
package func runRemoteHelper() -> Never {
    let input = FileHandle.standardInput
    guard let line = readLine(from: input, bytesMax: RemoteRequest.lineBytesMax),
        let request = try? JSONDecoder().decode(RemoteRequest.self, from: line)
    else {
        answer(.failed(.helperFailed("standard input held no request")))
        exit(64)
    }
    // A file that cannot be read or written is reported, with its name, by the work itself.
    if let keys = try? KnownHosts(for: request.remote),
        let home = try? keys.leaveForLibgit2(beside: request.repositoryPath)
    {
        try? GitRuntime.findKnownHosts(in: home)
    }
    Thread.detachNewThread {
        while let rest = try? input.read(upToCount: 4_096), !rest.isEmpty {}
        _exit(1)
    }
    answer(request.carryOut())
    exit(0)
}

private func answer(_ reply: RemoteReply) {
    guard var line = try? JSONEncoder().encode(reply) else { return }
    line.append(UInt8(ascii: "\n"))
    try? FileHandle.standardOutput.write(contentsOf: line)
}

/// The bytes before the next line feed; `nil` when input ends or grows too long before one.
func readLine(from handle: FileHandle, bytesMax: Int) -> Data? {
    var line = Data()
    while line.count <= bytesMax {
        // Unlike FileHandle's own methods, `read` returns what is there and does not wait for more.
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = read(handle.fileDescriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return nil }
        let chunk = buffer.prefix(count)
        if let end = chunk.firstIndex(of: UInt8(ascii: "\n")) { return line + chunk[..<end] }
        line += chunk
    }
    return nil
}

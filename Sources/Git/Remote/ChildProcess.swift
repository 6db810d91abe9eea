internal import CGit2
internal import Foundation

/// A program started with nothing of ours but the three descriptors it is given.
///
/// Foundation's `Process` is not used: when two threads start programs at once, one child may
/// inherit the other's pipes, and then neither end of input nor the child's death is noticed.
package struct ChildProcess: Sendable {
    package let pid: Int32

    /// - Throws: `SpawnError` with `errno`.
    package init(
        _ executable: String, _ arguments: [String], environment: [String: String],
        input: Int32, output: Int32, error: Int32
    ) throws(SpawnError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (descriptor, place) in [(input, 0), (output, 1), (error, 2)] {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(place))
        }
        #if os(Linux)
            _ = cgit2_spawn_close_from(&actions, 3)
        #endif
        let variables = environment.map { "\($0.key)=\($0.value)" }.sorted()
        var argv = ([executable] + arguments).map { strdup($0) } + [nil]
        var envp = variables.map { strdup($0) } + [nil]
        defer { for text in argv + envp { free(text) } }
        var pid: Int32 = 0
        let result = posix_spawn(&pid, executable, &actions, nil, &argv, &envp)
        guard result == 0 else { throw SpawnError(code: result) }
        self.pid = pid
    }

    /// Blocks until the program has ended.
    /// - Returns: its exit code, or 128 and the number of the signal that ended it.
    @discardableResult
    package func waitForEnd() -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { return -1 }
        }
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }
}

package struct SpawnError: Error, CustomStringConvertible {
    let code: Int32

    package var description: String { String(cString: strerror(code)) }
}

/// A pipe that other children do not inherit.
struct ChildPipe {
    let reading: FileHandle
    let writing: FileHandle

    init() throws(SpawnError) {
        var descriptors: [Int32] = [-1, -1]
        guard pipe(&descriptors) == 0 else { throw SpawnError(code: errno) }
        for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        reading = FileHandle(fileDescriptor: descriptors[0], closeOnDealloc: true)
        writing = FileHandle(fileDescriptor: descriptors[1], closeOnDealloc: true)
    }
}

import Foundation

/// What a process has used so far.
enum ProcessUsage {
    /// Resident memory in KiB: now, and the most there ever was.
    static func memory(of process: String = "self") -> (now: Int, peak: Int) {
        // FileManager asks for the size first, and everything in /proc has none.
        let file = FileHandle(forReadingAtPath: "/proc/\(process)/status")
        let text = String(decoding: (try? file?.readToEnd()) ?? Data(), as: UTF8.self)
        func value(_ key: String) -> Int {
            let line = text.split(separator: "\n").first { $0.hasPrefix(key + ":") }
            let digits = line?.filter { ("0"..."9").contains($0) }
            return digits.flatMap { Int(String($0)) } ?? 0
        }
        return (value("VmRSS"), value("VmHWM"))
    }

    /// Milliseconds of processor time, user and system.
    static func processorMilliseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1_000 + Double(time.tv_nsec) / 1_000_000
    }
}

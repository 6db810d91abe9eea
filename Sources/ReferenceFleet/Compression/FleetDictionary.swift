/// Content that both ends of every link have had since installation.
enum FleetDictionary {
    static let rowStates: [UInt64] = ["pending ", "running ", "finished", "failed  "].map {
        Array($0.utf8).reversed().reduce(UInt64(0)) { ($0 << 8) | UInt64($1) }
    }

    /// 32 lines of 128 bytes; ids are written over them at 40, 57, 74, 91 and 108.
    static let logTemplates: [[UInt8]] = (0..<32).map { template in
        let levels = ["INFO ", "WARN ", "DEBUG", "ERROR"]
        let parts = ["scheduler", "migrator ", "transport", "allocator"]
        let verbs = ["accepted", "released"]
        let head =
            "\(levels[template % 4]) \(parts[template / 4 % 4]) vm \(verbs[template / 16]) by ........"
        let fields = "req=........ node=........ vol=........ txn=........ img=........ done"
        let line = Array((head + " " + fields).utf8.prefix(127))
        return line + Array(repeating: 0x20, count: 127 - line.count) + [0x0A]
    }

    /// What the delta encoder knows before it sees a previous version: the commonest lines.
    static let bytes: [UInt8] = logTemplates.prefix(8).flatMap { $0 }
}

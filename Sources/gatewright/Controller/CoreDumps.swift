import Foundation

/// The memory of a server holds tokens and keys, which must not end in a file when it crashes (H11).
enum CoreDumps {
    /// Also for the programs that this one starts; nobody can allow them again.
    static func forbid() {
        #if os(Linux)
            let kind = __rlimit_resource_t(RLIMIT_CORE.rawValue)
        #else
            let kind = RLIMIT_CORE
        #endif
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        // Lowering a limit of one's own is always allowed.
        _ = setrlimit(kind, &none)
    }
}

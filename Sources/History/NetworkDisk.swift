import Foundation

/// Disks of other machines. What SQLite and `flock` need of a disk they promise and do not always
/// keep: two controllers could hold one lock, and a step back that was synced could be gone.
enum NetworkDisk {
    /// By their names in Linux. What else comes through FUSE or 9P may be anything, local disks of
    /// containers among it.
    private static let types: Set<String> = [
        "afs", "ceph", "cifs", "coda", "fuse.ceph-fuse", "fuse.glusterfs", "fuse.s3fs",
        "fuse.sshfs", "lustre", "nfs", "nfs4", "smb3", "smbfs",
    ]

    /// The type of the network disk that holds a path, such as `nfs4`; `nil` for a disk of this
    /// machine, and where the kernel does not say.
    static func type(at path: String) -> String? {
        var found = stat()
        guard stat(path, &found) == 0 else { return nil }
        return type(of: UInt64(found.st_dev), mounts: mounts)
    }

    /// Empty where there is no such file.
    static var mounts: String {
        // FileManager asks for the size first, and everything in /proc has none.
        let file = FileHandle(forReadingAtPath: "/proc/self/mountinfo")
        return String(decoding: (try? file?.readToEnd()) ?? Data(), as: UTF8.self)
    }

    /// - Parameter mounts: as in `/proc/self/mountinfo`, proc(5): `36 35 98:0 / /data rw - ext4 …`.
    static func type(of device: UInt64, mounts: String) -> String? {
        // makedev(3): the bits of both numbers lie apart.
        let major = (device >> 8) & 0xFFF | (device >> 32) & ~0xFFF
        let minor = device & 0xFF | (device >> 12) & ~0xFF
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.dropFirst(2).first == "\(major):\(minor)",
                let dash = fields.firstIndex(of: "-"),
                let type = fields[dash...].dropFirst().first, types.contains(String(type))
            else { continue }
            return String(type)
        }
        return nil
    }
}

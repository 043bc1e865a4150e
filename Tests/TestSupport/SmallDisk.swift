import Foundation
import Glibc

/// The small file system of a private cluster, to be filled and emptied.
package struct SmallDisk: Sendable {
    /// Whether this process may mount one: root may, unless a container forbids it.
    package static let canBeMade: Bool = {
        let folder = FileManager.default.temporaryDirectory.appending(path: "siyu-disk-\(UUID().uuidString)")
        let path = folder.path(percentEncoded: false)
        guard geteuid() == 0, mkdir(path, 0o700) == 0 else { return false }
        defer { rmdir(path) }
        guard mount("tmpfs", path, "tmpfs", 0, "size=1m") == 0 else { return false }
        umount2(path, Int32(MNT_DETACH))
        return true
    }()

    private let ballast: String

    /// The disk that a cluster was given.
    package init(of cluster: PrivateCluster) throws {
        ballast = "\(cluster.folder)/ballast"
    }

    /// Leaves not a byte free.
    package func fill() throws {
        let file = open(ballast, O_CREAT | O_WRONLY, 0o600)
        guard file >= 0 else { throw TestSupportError.system(call: "open", errno: errno) }
        defer { _ = Glibc.close(file) }
        let block = [UInt8](repeating: 0, count: 1 << 20)
        for size in [block.count, 4096] {
            while write(file, block, size) > 0 {}
        }
        guard errno == ENOSPC else { throw TestSupportError.system(call: "write", errno: errno) }
    }

    /// Gives the room back.
    package func empty() throws {
        guard unlink(ballast) == 0 else { throw TestSupportError.system(call: "unlink", errno: errno) }
    }
}

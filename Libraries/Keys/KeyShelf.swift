import Crypto
import Foundation
import Synchronization

/// The master keys of a ring, shared by its copies; follows the file that they are from.
final class KeyShelf: Sendable {
    /// The keys of one file.
    struct Keys: Sendable {
        /// The first seals, all of them open; never empty.
        let masters: [(id: UInt32, key: SymmetricKey)]
        private let derived = SubkeyCache()

        init(_ file: KeyFile) { masters = file.masters }

        func subkey(_ purpose: KeyRing.Purpose, ofMaster id: UInt32) -> SymmetricKey? {
            masters.first { $0.id == id }.map { subkey(purpose, of: $0) }
        }

        func subkey(_ purpose: KeyRing.Purpose, of master: (id: UInt32, key: SymmetricKey)) -> SymmetricKey {
            derived.key(purpose, master: master.id) {
                HKDF<SHA256>.deriveKey(
                    inputKeyMaterial: master.key, info: Data("siyu/v1/\(purpose.name)".utf8),
                    outputByteCount: KeyFile.keyLength)
            }
        }
    }

    private struct State {
        var keys: Keys
        var stamp: KeyFile.Stamp?
        var lookedAt: ContinuousClock.Instant
    }

    /// How long the file is taken to be what it was: a look costs as much as sealing.
    private static let pause: Duration = .seconds(1)

    private let folder: String?
    private let index: SymmetricKey
    private let state: Mutex<State>

    init(_ file: KeyFile, folder: String?, stamp: KeyFile.Stamp?) {
        self.folder = folder
        index = file.index
        state = Mutex(State(keys: Keys(file), stamp: stamp, lookedAt: .now))
    }

    /// The keys of today.
    var keys: Keys { state.withLock { current(&$0, isUrgent: false) } }

    /// The keys of this moment, for a value that none of ``keys`` opens.
    func reread() -> Keys { state.withLock { current(&$0, isUrgent: true) } }

    private func current(_ state: inout State, isUrgent: Bool) -> Keys {
        guard let folder else { return state.keys }
        let now = ContinuousClock.now
        guard isUrgent || now - state.lookedAt >= Self.pause else { return state.keys }
        state.lookedAt = now
        guard KeyFile.stamp(folder: folder) != state.stamp else { return state.keys }
        // Someone is in the middle of exchanging it, or it is not ours to read any more: what we hold still opens what is there.
        guard let (file, stamp) = try? KeyFile.readStamped(folder: folder), file.index == index else {
            return state.keys
        }
        state.stamp = stamp
        state.keys = Keys(file)
        return state.keys
    }
}

/// Sub-keys that were derived already: deriving one costs as much as wrapping with it, and there are few.
///
/// Shared by the copies of a ring.
private final class SubkeyCache: Sendable {
    private struct Name: Hashable {
        let purpose: KeyRing.Purpose
        let master: UInt32
    }

    private let keys = Mutex<[Name: SymmetricKey]>([:])

    /// Purposes and masters are constants of the program and lines of a file, so the table stays small.
    func key(_ purpose: KeyRing.Purpose, master: UInt32, derive: () -> SymmetricKey) -> SymmetricKey {
        keys.withLock { keys in
            let name = Name(purpose: purpose, master: master)
            if let key = keys[name] { return key }
            let key = derive()
            keys[name] = key
            return key
        }
    }
}

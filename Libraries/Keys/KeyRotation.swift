import Crypto

extension KeyRing {
    /// Adds a new master key to `folder/master.key` that opens and does not seal yet.
    ///
    /// It must be in every copy of the file before ``promote(folder:)``: else somebody meets a value that they cannot open.
    ///
    /// - Returns: Its number, greater than every one in the file.
    package static func stage(folder: String) throws(KeysError) -> UInt32 {
        try KeyFile.change(folder: folder) { file in
            let id = (file.masters.map(\.id).max() ?? 0) + 1
            file.masters.append((id, SymmetricKey(size: .bits256)))
        }.masters.map(\.id).max() ?? 0
    }

    /// The newest key of `folder/master.key` that opens and does not seal yet; nil if the newest seals already.
    package static func staged(folder: String) throws(KeysError) -> UInt32? {
        let ids = try KeyFile.read(folder: folder).masters.map(\.id)
        return ids.max() == ids.first ? nil : ids.max()
    }

    /// Lets the key with the greatest number seal from now on.
    ///
    /// - Returns: Its number.
    package static func promote(folder: String) throws(KeysError) -> UInt32 {
        try KeyFile.change(folder: folder) { file in
            file.masters.sort { $0.id > $1.id }
        }.masters[0].id
    }

    /// Takes a master key out of `folder/master.key`: nothing that it sealed or signed can be read or is valid any more.
    ///
    /// - Throws: ``KeysError/sealing(_:)`` for the key that seals; ``KeysError/unknownKey(_:)``.
    package static func remove(_ id: UInt32, folder: String) throws(KeysError) {
        _ = try KeyFile.change(folder: folder) { file throws(KeysError) in
            guard file.masters.contains(where: { $0.id == id }) else { throw .unknownKey(id) }
            guard file.masters[0].id != id else { throw .sealing(id) }
            file.masters.removeAll { $0.id == id }
        }
    }

    /// Seals again, with the key of today, what an older master key sealed; nil if that is the key of today.
    ///
    /// - Throws: As ``open(_:for:context:)``.
    package func resealed(
        _ sealed: [UInt8], for purpose: Purpose, context: [UInt8]
    ) throws(KeysError) -> [UInt8]? {
        if sealed.starts(with: [1] + bigEndian(newest(purpose).id)) { return nil }
        return try seal(try open(sealed, for: purpose, context: context), for: purpose, context: context)
    }

    /// The same for what ``wrapRaw(_:for:)`` wrapped.
    package func rewrappedRaw(_ wrapped: [UInt8], for purpose: Purpose) throws(KeysError) -> [UInt8]? {
        if wrapped.starts(with: [1] + bigEndian(newest(purpose).id)) { return nil }
        return try wrapRaw(try unwrapRaw(wrapped, for: purpose), for: purpose)
    }
}

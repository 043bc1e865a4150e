import Crypto
import CryptoExtras
import Foundation
package import Kernel

/// A package of codes as WeChat sends it: base64 of AES-128-CBC, the key of 16 characters also being the initial vector.
package enum CodePackage {
    private static let keyBytes = 16

    /// Opens a package.
    ///
    /// Some packages begin with 16 bytes of filling: they are dropped where the rest is a list and the whole is not.
    ///
    /// - Throws: ``Problem`` 422 for what this key does not open.
    package static func open(_ package: [UInt8], key: String) throws(Problem) -> [UInt8] {
        let key = Array(key.utf8)
        guard key.count == keyBytes else {
            throw .invalid("The key of a package has 16 characters.", code: "package_key_malformed")
        }
        let opened: [UInt8]
        do {
            guard let sealed = Data(base64Encoded: Data(package), options: .ignoreUnknownCharacters), !sealed.isEmpty
            else { throw CryptoKitError.incorrectParameterSize }
            opened = Array(
                try AES._CBC.decrypt(sealed, using: SymmetricKey(data: key), iv: AES._CBC.IV(ivBytes: key)))
        } catch {
            throw .invalid(
                "The package does not open with this key: compare both with what WeChat sent.",
                code: "package_unreadable")
        }
        if !isList(opened), opened.count > keyBytes, isList(Array(opened.dropFirst(keyBytes))) {
            return Array(opened.dropFirst(keyBytes))
        }
        return opened
    }

    /// Whether the first line is one of a package.
    private static func isList(_ bytes: [UInt8]) -> Bool {
        var line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return CodeLines.isPackageLine(line)
    }
}

import Crypto
import CryptoExtras
import Foundation
import Hosting
import SwiftASN1
import WeChat
import X509

/// The folder of everything the sandbox must not forget: 0700, its files 0600.
///
///     lock            held while a sandbox runs
///     keys.json       both sides' keys, made at the first start
///     merchant.json   what the merchant gets, written at every start
///     marketcode.json what the service account gets, likewise
///     book.jsonl      the book
struct StateFolder: Sendable {
    let path: String

    var book: String { path + "/book.jsonl" }
    var merchant: String { path + "/merchant.json" }
    var marketcode: String { path + "/marketcode.json" }
    private var keys: String { path + "/keys.json" }
    private var lock: String { path + "/lock" }

    /// Why the folder cannot be used; nil if it can, or can be made.
    func flaw() -> StartupFailure? {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return nil }
        guard isFolder.boolValue else { return StartupFailure(.config, "\(path) is a file and not a folder.") }
        for (file, allowed) in [(path, 0o700), (keys, 0o600)] {
            guard let mode = mode(file), mode & ~allowed & 0o777 != 0 else { continue }
            let octal = String(allowed, radix: 8)
            return StartupFailure(
                .noPermission, "others may read \(file), which holds keys: run chmod 0\(octal) \(file).")
        }
        return nil
    }

    private func mode(_ file: String) -> Int? {
        // A file that is not there yet has no mode.
        (try? FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? NSNumber)?.intValue
    }

    /// Makes the folder and takes it for this process.
    func take() throws(StartupFailure) -> FolderLock {
        if let flaw = flaw() { throw flaw }
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw StartupFailure(.cannotCreate, "Cannot make the folder \(path) (errno \(errno)).")
        }
        return try FolderLock(lock)
    }

    /// The keys, made if there are none.
    func loadKeys(now: Date) throws(StartupFailure) -> SandboxKeys {
        if let data = FileManager.default.contents(atPath: keys) {
            do {
                return try JSONDecoder().decode(SandboxKeys.self, from: data)
            } catch {
                throw StartupFailure(.config, "\(keys) is damaged: remove the folder, and with it the sandbox's book.")
            }
        }
        let made: SandboxKeys
        do {
            made = try SandboxKeys.make(now: now)
        } catch {
            throw StartupFailure(.software, "The sandbox cannot make keys (\(type(of: error))).")
        }
        try write(made, to: keys)
        return made
    }

    /// Writes a file as a whole or not at all, for its owner alone.
    func write(_ value: some Encodable, to file: String) throws(StartupFailure) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let temporary = file + ".new"
        do {
            let data = try encoder.encode(value)
            unlink(temporary)
            let descriptor = Foundation.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw JournalError.notWritable(errno: errno) }
            defer { close(descriptor) }
            try Journal.write(Array(data), to: descriptor)
            guard fsync(descriptor) == 0, rename(temporary, file) == 0 else {
                throw JournalError.notWritable(errno: errno)
            }
        } catch {
            throw StartupFailure(.cannotCreate, "Cannot write \(file) (\(error)).")
        }
    }
}

/// Keeps a second sandbox away from the same book, for as long as it lives.
final class FolderLock: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws(StartupFailure) {
        descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StartupFailure(.cannotCreate, "Cannot write \(path) (errno \(errno)).") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw StartupFailure(.unavailable, "Another sandbox runs on this folder: \(path) is locked.")
        }
    }

    deinit { close(descriptor) }
}

/// The keys of both sides.
struct SandboxKeys: Codable, Sendable {
    /// The merchant's, without the address, which may change from start to start.
    var merchant: MerchantCredentials
    let publicKeyID: String
    let publicKeyPrivatePEM: String
    let certificateSerial: String
    let certificatePEM: String
    let certificatePrivatePEM: String

    static func make(now: Date) throws -> SandboxKeys {
        let merchant = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let platform = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let certified = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let name = try DistinguishedName { CommonName("siyu-sandbox platform certificate") }
        let year = 365.0 * 86_400
        let serial = serialNumber()
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(bytes: serial),
            publicKey: .init(certified.publicKey), notValidBefore: now.addingTimeInterval(-86_400),
            notValidAfter: now.addingTimeInterval(10 * year), issuer: name, subject: name,
            signatureAlgorithm: .sha256WithRSAEncryption, extensions: Certificate.Extensions {},
            issuerPrivateKey: .init(certified))
        let pem = try certificate.serializeAsPEM().pemString
        let publicKeyID = "PUB_KEY_ID_0110000000000000000000000000000001"
        return SandboxKeys(
            merchant: MerchantCredentials(
                mchid: "1900000109", appid: "wx0a1b2c3d4e5f6071", serialNumber: hex(serialNumber()),
                privateKeyPEM: merchant.pkcs8PEMRepresentation, apiV3Key: PaySignature.nonce(),
                platformKeys: [publicKeyID: platform.publicKey.pemRepresentation, hex(serial): pem], baseURL: ""),
            publicKeyID: publicKeyID, publicKeyPrivatePEM: platform.pkcs8PEMRepresentation,
            certificateSerial: hex(serial), certificatePEM: pem,
            certificatePrivatePEM: certified.pkcs8PEMRepresentation)
    }

    /// 20 bytes whose first is neither zero nor negative, so that 40 hex digits come out.
    private static func serialNumber() -> [UInt8] {
        [UInt8.random(in: 0x10...0x7F)] + (1..<20).map { _ in UInt8.random(in: 0...255) }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789ABCDEF")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}

/// The keys of both sides, read: what the sandbox signs and verifies with.
struct Platform: Sendable {
    let merchant: MerchantCredentials
    /// Made of the merchant's key, so that it is as secret as that, and the same after a restart.
    let marketcode: MarketcodeCredentials
    let merchantKey: _RSA.Signing.PublicKey
    let apiV3Key: APIv3Key
    let publicKeyID: String
    private let publicKey: _RSA.Signing.PrivateKey
    let certificateSerial: String
    let certificatePEM: String
    let certificateValidity: ClosedRange<Date>
    private let certificateKey: _RSA.Signing.PrivateKey

    init(_ keys: SandboxKeys, baseURL: String) throws {
        var merchant = keys.merchant
        merchant.baseURL = baseURL
        self.merchant = merchant
        let hex = ["secret", "package"].map { name in
            Draw.uuid("marketcode \(name)|\(merchant.apiV3Key)").filter { $0 != "-" }
        }
        marketcode = MarketcodeCredentials(
            appid: "wx5f6a7b8c9d0e1f21", secret: hex[0], packageKey: String(hex[1].prefix(16)), baseURL: baseURL)
        merchantKey = try _RSA.Signing.PrivateKey(pemRepresentation: merchant.privateKeyPEM).publicKey
        apiV3Key = try APIv3Key(merchant.apiV3Key)
        publicKeyID = keys.publicKeyID
        publicKey = try _RSA.Signing.PrivateKey(pemRepresentation: keys.publicKeyPrivatePEM)
        certificateSerial = keys.certificateSerial
        certificatePEM = keys.certificatePEM
        let certificate = try Certificate(pemEncoded: keys.certificatePEM)
        certificateValidity =
            certificate.notValidBefore...max(certificate.notValidBefore, certificate.notValidAfter)
        certificateKey = try _RSA.Signing.PrivateKey(pemRepresentation: keys.certificatePrivatePEM)
    }

    /// The four headers of an answer or a notification.
    ///
    /// - Parameter serial: The key the merchant asked for. Who asks for none is answered by certificate, as merchants are who know
    ///   of no public key.
    func sign(_ body: [UInt8], serial: String?, now: Date) throws -> [(name: String, value: String)] {
        let byCertificate = serial != publicKeyID
        let timestamp = "\(Int64(now.timeIntervalSince1970))"
        let nonce = PaySignature.nonce()
        let signature = try PaySignature.sign(
            PaySignature.answerMessage(timestamp: timestamp, nonce: nonce, body: body),
            with: byCertificate ? certificateKey : publicKey)
        return [
            ("Wechatpay-Timestamp", timestamp), ("Wechatpay-Nonce", nonce), ("Wechatpay-Signature", signature),
            ("Wechatpay-Serial", byCertificate ? certificateSerial : publicKeyID),
            ("Wechatpay-Signature-Type", PaySignature.scheme),
        ]
    }

    /// Whether a request carries our merchant's signature of exactly these bytes, made within 300 seconds.
    func isAuthorized(_ authorization: String, method: String, path: String, body: [UInt8], now: Date) -> Bool {
        let prefix = PaySignature.scheme + " "
        guard authorization.hasPrefix(prefix) else { return false }
        var parts: [String: String] = [:]
        for match in authorization.dropFirst(prefix.count).matches(of: /([a-z_]+)="([^"]*)"/) {
            guard parts.updateValue(String(match.2), forKey: String(match.1)) == nil else { return false }
        }
        guard parts["mchid"] == merchant.mchid, parts["serial_no"] == merchant.serialNumber,
            let timestamp = parts["timestamp"], let nonce = parts["nonce_str"], let signature = parts["signature"],
            PaySignature.isFresh(timestamp, now: now)
        else { return false }
        let message = PaySignature.requestMessage(
            method: method, path: path, timestamp: timestamp, nonce: nonce, body: body)
        return PaySignature.isValid(signature, of: message, by: merchantKey)
    }
}

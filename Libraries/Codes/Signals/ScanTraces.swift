import FoundationEssentials
import Hooks
import Kernel
import Keys
import Postgres

/// What is kept of a showing.
struct NewTrace: Sendable {
    let id: ID<ScanTrace>
    let code: CodeKey
    let person: ID<Person>
    let deviceHash: [UInt8]?
    let sealedPlace: [UInt8]?
    let isFirst: Bool
}

extension KeyRing.Purpose {
    /// Where a code was shown; bound to the trace that it stands in.
    static let scanPlace = KeyRing.Purpose("scan-place")
}

/// Keeps where and with what codes were shown, sealed.
struct ScanTraces: Sendable {
    private static let deviceLength = 16

    let keys: KeyRing

    /// The traces of scans that were answered, where their sender told a place or a device.
    ///
    /// - Parameter new: The redemptions that these scans made.
    func traces(
        of fresh: [FreshScan], new: [WantedRedemption], brand: ID<Brand>
    ) throws(KeysError) -> [NewTrace] {
        let telling = fresh.filter { $0.scan.place != nil || $0.scan.device != nil }
        if telling.isEmpty { return [] }
        let first = Set(new.map(\.scan.delivery.key))
        var traces: [NewTrace] = []
        for told in telling {
            let scan = told.scan
            guard let person = told.person else { continue }
            let id = ID<ScanTrace>.mint()
            var sealedPlace: [UInt8]?
            if let place = scan.place.flatMap({ ScanPlace(lat: $0.lat, lon: $0.lon, city: $0.city) }) {
                sealedPlace = try keys.seal(place.text, for: .scanPlace, context: Self.context(id, brand))
            }
            let deviceHash = scan.device.flatMap { $0.isEmpty ? nil : hash($0, brand: brand) }
            if sealedPlace == nil, deviceHash == nil { continue }
            traces.append(
                NewTrace(
                    id: id, code: scan.code.key, person: person, deviceHash: deviceHash, sealedPlace: sealedPlace,
                    isFirst: first.contains(scan.delivery.key)))
        }
        return traces
    }

    private func hash(_ device: String, brand: ID<Brand>) -> [UInt8] {
        Array(keys.blindIndex(brand: brand.rawValue, kind: "scan-device", value: device).prefix(Self.deviceLength))
    }

    /// A place as it was kept; nil for one whose key is gone, which then says nothing.
    func open(_ sealed: [UInt8], of trace: ID<ScanTrace>, brand: ID<Brand>) -> ScanPlace? {
        guard let text = try? keys.open(sealed, for: .scanPlace, context: Self.context(trace, brand)) else {
            return nil
        }
        return ScanPlace(text: text)
    }

    private static func context(_ trace: ID<ScanTrace>, _ brand: ID<Brand>) -> [UInt8] {
        Array("\(brand)/\(trace)".utf8)
    }
}

extension ScanPlace {
    /// `lat lon`, or nothing, and in the next line the city, or nothing.
    var text: [UInt8] { Array("\(point.map { "\($0.lat) \($0.lon)" } ?? "")\n\(city ?? "")".utf8) }

    init?(text: [UInt8]) {
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 2 else { return nil }
        let degrees = lines[0].split(separator: " ").compactMap { Double($0) }
        self.init(lat: degrees.first, lon: degrees.count == 2 ? degrees[1] : nil, city: String(lines[1]))
    }
}

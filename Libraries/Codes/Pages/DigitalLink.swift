import Foundation

/// A GS1 Digital Link of a pack: the path of a URI that names a product and one item of it.
///
/// Keys stand in the order that GS1 fixes: 01 (GTIN), then 22 (variant), 10 (lot), 21 (serial). Nothing is guessed: a short GTIN, a wrong
/// check digit, keys in another order or in the query are refused.
package struct DigitalLink: Hashable, Sendable {
    /// Why a link is none.
    package enum Fault: Error, Hashable, Sendable {
        /// There is no key 01 with a value, or a key without one.
        case incomplete
        /// The GTIN has not 14 digits, or its last one does not fit the others.
        case gtin
        /// A key stands where it may not.
        case order
        /// A value is too long, or has characters that GS1 does not allow.
        case value
        /// A key of the path stands in the query.
        case query
    }

    /// The product, 14 digits.
    package let gtin: String
    /// The variant of the product.
    package let variant: String?
    /// The lot.
    package let lot: String?
    /// The item: for us, its code.
    package let serial: String?

    /// Keys behind the GTIN in their order, with the longest value of each.
    private static let qualifiers: [(key: String, max: Int)] = [("22", 20), ("10", 20), ("21", 20)]

    /// The canonical path: the GTIN and what is known behind it, in the order of GS1.
    package var path: String {
        let values = [("22", variant), ("10", lot), ("21", serial)]
        return values.reduce("/01/\(gtin)") { path, part in
            part.1.map { "\(path)/\(part.0)/\(Self.encoded($0))" } ?? path
        }
    }

    /// A value as a part of a path: everything but RFC 3986's unreserved characters percent-encoded.
    static func encoded(_ value: String) -> String {
        var unreserved = CharacterSet(charactersIn: "a"..."z")
        unreserved.insert(charactersIn: "A"..."Z")
        unreserved.insert(charactersIn: "0"..."9")
        unreserved.insert(charactersIn: "-._~")
        return value.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    }

    /// Reads the path and the query of a URI, as they were sent: still percent-encoded.
    package init(path: String, query: String? = nil) throws(Fault) {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)[...]
        while let first = parts.first, first != "01" { parts = parts.dropFirst() }
        guard parts.count >= 2, parts.count.isMultiple(of: 2) else { throw .incomplete }
        gtin = String(parts[parts.startIndex + 1])
        guard GS1.gtin(gtin) == gtin else { throw .gtin }
        parts = parts.dropFirst(2)
        var values: [String: String] = [:]
        var allowed = Self.qualifiers[...]
        while !parts.isEmpty {
            let (key, value) = (String(parts.removeFirst()), String(parts.removeFirst()))
            guard let place = allowed.firstIndex(where: { $0.key == key }) else { throw .order }
            guard let decoded = value.removingPercentEncoding, !decoded.isEmpty,
                decoded.utf8.count <= allowed[place].max, GS1.isCharacterSet82(decoded)
            else { throw .value }
            values[key] = decoded
            allowed = allowed[(place + 1)...]
        }
        for field in (query ?? "").split(whereSeparator: { $0 == "&" || $0 == ";" }) {
            let key = field.prefix { $0 != "=" }
            if key == "01" || Self.qualifiers.contains(where: { $0.key == key }) { throw .query }
        }
        variant = values["22"]
        lot = values["10"]
        serial = values["21"]
    }
}

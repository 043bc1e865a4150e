/// A JSON object without anything in it that has parts: its members, found and not yet read.
///
/// Used by one decoding at a time.
final class FlatPayload {
    enum Value {
        case null
        case bool(Bool)
        case integer(Int64)
        /// A string without escapes, by its place between the quotes.
        case text(Range<Int>)
    }

    struct Member {
        let key: Range<Int>
        let value: Value
    }

    /// More members are Foundation's: they would be looked for one by one.
    private static let membersMax = 16
    /// So many digits always fit.
    private static let digitsMax = 18

    let bytes: [UInt8]
    private(set) var members: [Member] = []
    /// Where the next key is looked for first: keys are read in the order in which they were written, nearly always.
    private var next = 0
    /// Something was asked for that only Foundation's decoder can answer; a type may have swallowed the error.
    private(set) var isBeyond = false

    /// Nil for everything that is not such an object, down to the last byte.
    init?(_ payload: [UInt8]) {
        bytes = payload
        guard payload.count <= 4_096, scan() else { return nil }
    }

    /// Notes that this decoder is not enough, and gives the error to throw.
    func beyond() -> FlatDecodingFailed {
        isBeyond = true
        return FlatDecodingFailed()
    }

    func member(_ key: String) -> Value? {
        var key = key
        return key.withUTF8 { name in
            for step in 0..<members.count {
                let place = next + step < members.count ? next + step : next + step - members.count
                let member = members[place]
                guard member.key.count == name.count, bytes[member.key].elementsEqual(name) else { continue }
                next = place + 1 < members.count ? place + 1 : 0
                return member.value
            }
            return nil
        }
    }

    func text(_ place: Range<Int>) -> String? { String(validating: bytes[place], as: UTF8.self) }

    // MARK: Scanning

    private func scan() -> Bool {
        var place = 0
        skipSpace(&place)
        guard take(UInt8(ascii: "{"), &place) else { return false }
        skipSpace(&place)
        if !take(UInt8(ascii: "}"), &place) {
            members.reserveCapacity(4)
            repeat {
                skipSpace(&place)
                guard members.count < Self.membersMax, let key = string(&place), isNew(key) else { return false }
                skipSpace(&place)
                guard take(UInt8(ascii: ":"), &place) else { return false }
                skipSpace(&place)
                guard let value = value(&place) else { return false }
                members.append(Member(key: key, value: value))
                skipSpace(&place)
            } while take(UInt8(ascii: ","), &place)
            guard take(UInt8(ascii: "}"), &place) else { return false }
        }
        skipSpace(&place)
        return place == bytes.count
    }

    private func isNew(_ key: Range<Int>) -> Bool {
        !members.contains { $0.key.count == key.count && bytes[$0.key] == bytes[key] }
    }

    private func skipSpace(_ place: inout Int) {
        while place < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[place]) { place += 1 }
    }

    private func take(_ byte: UInt8, _ place: inout Int) -> Bool {
        guard place < bytes.count, bytes[place] == byte else { return false }
        place += 1
        return true
    }

    private func take(word: StaticString, _ place: inout Int) -> Bool {
        let count = word.utf8CodeUnitCount
        guard place + count <= bytes.count else { return false }
        for offset in 0..<count where bytes[place + offset] != word.utf8Start[offset] { return false }
        place += count
        return true
    }

    private func string(_ place: inout Int) -> Range<Int>? {
        guard take(UInt8(ascii: "\""), &place) else { return nil }
        let start = place
        while place < bytes.count {
            let byte = bytes[place]
            if byte == UInt8(ascii: "\"") {
                place += 1
                return start..<place - 1
            }
            guard byte >= 0x20, byte != UInt8(ascii: "\\") else { return nil }
            place += 1
        }
        return nil
    }

    private func value(_ place: inout Int) -> Value? {
        guard place < bytes.count else { return nil }
        switch bytes[place] {
        case UInt8(ascii: "\""): return string(&place).map(Value.text)
        case UInt8(ascii: "t"): return take(word: "true", &place) ? .bool(true) : nil
        case UInt8(ascii: "f"): return take(word: "false", &place) ? .bool(false) : nil
        case UInt8(ascii: "n"): return take(word: "null", &place) ? .null : nil
        default: return integer(&place).map(Value.integer)
        }
    }

    /// A whole number as JSON writes it; a fraction or an exponent is left to the caller, who finds no comma there.
    private func integer(_ place: inout Int) -> Int64? {
        let isNegative = take(UInt8(ascii: "-"), &place)
        let start = place
        var number: Int64 = 0
        while place < bytes.count, case let digit = bytes[place] &- UInt8(ascii: "0"), digit < 10 {
            guard place - start < Self.digitsMax else { return nil }
            number = number * 10 + Int64(digit)
            place += 1
        }
        let isWritten = place > start && (bytes[start] != UInt8(ascii: "0") || place == start + 1)
        // Minus nothing is a fraction to some.
        return isWritten && !(isNegative && number == 0) ? (isNegative ? -number : number) : nil
    }
}

/// This decoder cannot go on; Foundation's will say whether anybody can.
struct FlatDecodingFailed: Error {}

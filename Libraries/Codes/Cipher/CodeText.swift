/// The first four characters of a code: 20 bits that name its batch, for everybody to see.
package struct BatchHandle: RawRepresentable, Hashable, Sendable {
    /// The number, below 2²⁰.
    package let rawValue: Int32

    /// A handle by its number; nil if it has more than 20 bits.
    package init?(rawValue: Int32) {
        guard (0..<(1 << 20)).contains(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    /// A handle by its four characters; nil if they are not.
    package init?(_ text: some StringProtocol) {
        guard let number = Crockford.number(text.utf8, count: CodeText.handleCharacters) else { return nil }
        self.init(rawValue: Int32(truncatingIfNeeded: number))
    }

    /// Any handle, chosen by chance.
    package static func random() -> BatchHandle { BatchHandle(bits: UInt64.random(in: 0..<1 << 20)) }

    /// The lowest 20 bits of a number.
    init(bits: UInt64) { rawValue = Int32(truncatingIfNeeded: bits & 0xF_FFFF) }
}

extension BatchHandle: CustomStringConvertible {
    /// The four characters.
    package var description: String { Crockford.text(UInt64(rawValue), count: CodeText.handleCharacters) }
}

/// A code as it stands on the pack: 20 characters, of which nothing is known yet but the batch they name.
package struct CodeText: Hashable, Sendable {
    static let handleCharacters = 4
    static let halfCharacters = 8
    /// How many characters a code has.
    package static let characters = 20
    /// What may be typed at most: every character and a hyphen after each.
    private static let typedMax = 40

    /// The batch that the code names.
    package let handle: BatchHandle
    /// The 16 characters that hide the index.
    let hidden: FF1.Halves

    init(handle: BatchHandle, hidden: FF1.Halves) {
        self.handle = handle
        self.hidden = hidden
    }

    /// Reads a code as a person may type it: either case, `i` and `l` for 1, `o` for 0, hyphens anywhere; nil if it is anything else.
    package init?(_ text: some StringProtocol) {
        var digits: [UInt8] = []
        digits.reserveCapacity(Self.characters)
        var typed = 0
        for byte in text.utf8 {
            typed += 1
            guard typed <= Self.typedMax else { return nil }
            if byte == UInt8(ascii: "-") { continue }
            guard let digit = Crockford.digit(byte), digits.count < Self.characters else { return nil }
            digits.append(digit)
        }
        guard digits.count == Self.characters else { return nil }
        handle = BatchHandle(bits: Crockford.number(digits[..<4]))
        hidden = FF1.Halves(left: Crockford.number(digits[4..<12]), right: Crockford.number(digits[12...]))
    }
}

extension CodeText: CustomStringConvertible {
    /// The 20 characters, upper case.
    package var description: String { String(decoding: utf8, as: UTF8.self) }

    /// The 20 characters, as bytes.
    var utf8: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.characters)
        Crockford.append(UInt64(handle.rawValue), count: Self.handleCharacters, to: &bytes)
        Crockford.append(hidden.left, count: Self.halfCharacters, to: &bytes)
        Crockford.append(hidden.right, count: Self.halfCharacters, to: &bytes)
        return bytes
    }
}

/// Crockford's base32: digits and capitals without I, L, O and U.
enum Crockford {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// The value of each byte; 255 for what is no digit.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, byte) in alphabet.enumerated() {
            values[Int(byte)] = UInt8(value)
            // Setting the sixth bit makes a capital small and leaves a figure as it is.
            values[Int(byte | 0x20)] = UInt8(value)
        }
        for (look, value) in [("i", "1"), ("I", "1"), ("l", "1"), ("L", "1"), ("o", "0"), ("O", "0")] {
            for (byte, digit) in zip(look.utf8, value.utf8) { values[Int(byte)] = digit - UInt8(ascii: "0") }
        }
        return values
    }()

    /// Whether a byte is one of the 32 as they are printed.
    static func isDigit(_ byte: UInt8) -> Bool { alphabet.contains(byte) }

    static func digit(_ byte: UInt8) -> UInt8? {
        let value = values[Int(byte)]
        return value == 255 ? nil : value
    }

    static func number(_ digits: ArraySlice<UInt8>) -> UInt64 {
        digits.reduce(0) { $0 << 5 | UInt64($1) }
    }

    /// The number that exactly `count` characters stand for.
    static func number(_ text: some Collection<UInt8>, count: Int) -> UInt64? {
        guard text.count == count else { return nil }
        var number: UInt64 = 0
        for byte in text {
            guard let digit = digit(byte) else { return nil }
            number = number << 5 | UInt64(digit)
        }
        return number
    }

    static func append(_ number: UInt64, count: Int, to bytes: inout [UInt8]) {
        var shift = 5 * count
        while shift > 0 {
            shift -= 5
            bytes.append(alphabet[Int(number >> UInt64(shift) & 31)])
        }
    }

    static func text(_ number: UInt64, count: Int) -> String {
        var bytes: [UInt8] = []
        append(number, count: count, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

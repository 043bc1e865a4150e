/// The check digits of GS1's numbers, and how a trade item is written.
package enum GS1 {
    /// What a GTIN is padded to: 14 digits, the form in which it is stored and put into addresses.
    package static let gtinDigits = 14
    private static let lengths: Set<Int> = [8, 12, 13, 14]

    /// The digit that follows `digits`: weights 3 and 1 in turn from the right, and what is missing to the next ten.
    ///
    /// - Returns: Nil unless there are digits and nothing else.
    package static func checkDigit(of digits: some StringProtocol) -> Int? {
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let sum = digits.utf8.reversed().enumerated().reduce(0) { sum, digit in
            sum + Int(digit.element - 0x30) * (digit.offset.isMultiple(of: 2) ? 3 : 1)
        }
        return (10 - sum % 10) % 10
    }

    /// A GTIN-8, -12, -13 or -14 as 14 digits; nil for anything else, and where the check digit is wrong.
    package static func gtin(_ text: some StringProtocol) -> String? {
        guard lengths.contains(text.utf8.count), let digit = checkDigit(of: text.dropLast()),
            let last = text.last, last.isASCII, last.wholeNumberValue == digit
        else { return nil }
        return String(repeating: "0", count: gtinDigits - text.utf8.count) + text
    }

    /// Whether all characters are among the 82 that a lot or a serial number may have.
    package static func isCharacterSet82(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy { byte in
            switch byte {
            // ! " % & ' ( ) * + , - . / 0–9 : ; < = > ?, capitals, _, small letters
            case 0x21, 0x22, 0x25...0x3F, 0x41...0x5A, 0x5F, 0x61...0x7A: true
            default: false
            }
        }
    }
}

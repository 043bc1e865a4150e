import Kernel

/// Numbers as people read them.
enum NumberText {
    /// Groups of three, as in `69,659`.
    static func grouped(_ number: Int64) -> String {
        let digits = String(number.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.utf8.count - index).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return (number < 0 ? "−" : "") + text
    }

    /// Yuan with sign and groups, cut before the decimal point so that the decimals can be set smaller.
    static func money(_ fen: Int64) -> (yuan: String, decimals: String) {
        let (yuan, rest) = fen.magnitude.quotientAndRemainder(dividingBy: 100)
        let whole = grouped(Int64(clamping: yuan))
        return ("\(fen < 0 ? "−" : "")¥\(whole)", ".\(rest < 10 ? "0" : "")\(rest)")
    }

    /// A figure in its unit, without the unit's name.
    static func figure(_ value: Int64?, _ unit: MetricUnit) -> String {
        guard let value else { return "–" }
        guard unit == .fen else { return grouped(value) }
        let (yuan, decimals) = money(value)
        return yuan + decimals
    }

    /// Few digits for an axis: `12万` or `120K`.
    static func compact(_ number: Double, _ language: Language) -> String {
        let units: [(Double, String)] =
            switch language {
            case .chinese: [(1e8, "亿"), (1e4, "万")]
            case .english: [(1e9, "B"), (1e6, "M"), (1e3, "K")]
            }
        for (size, name) in units where number >= size { return decimal(number / size) + name }
        return decimal(number)
    }

    private static func decimal(_ number: Double) -> String {
        let tenths = (number * 100).rounded() / 100
        let whole = tenths.rounded(.down)
        if tenths == whole { return grouped(Int64(whole)) }
        var text = String(Int64((tenths * 100).rounded()))
        while text.count < 3 { text = "0" + text }
        let cut = text.index(text.endIndex, offsetBy: -2)
        var decimals = text[cut...]
        while decimals.last == "0" { decimals.removeLast() }
        return "\(text[..<cut]).\(decimals)"
    }
}

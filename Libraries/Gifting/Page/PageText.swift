import Foundation

/// What pages for people have in common: a picture, instants, and text that is never markup.
enum PageText {
    static let ribbon = """
        <svg viewBox="0 0 96 96" fill="none" stroke="currentColor" stroke-width="4" stroke-linejoin="round" aria-hidden="true">\
        <rect x="12" y="44" width="72" height="42" rx="4"/><rect x="6" y="28" width="84" height="16" rx="4"/>\
        <path d="M48 28v58M48 28C30 28 22 20 26 12s18-2 22 16c4-18 18-24 22-16s-4 16-22 16"/></svg>
        """

    /// To the minute, in Beijing.
    static func time(_ instant: Date) -> String {
        let local = (instant + 8 * 3_600).formatted(.iso8601).prefix(16).replacing("T", with: " ")
        return "<time datetime=\"\(instant.formatted(.iso8601))\">\(local)</time>"
    }

    /// Shown as it is, never as markup.
    ///
    /// Scalar by scalar: with an accent behind it a bracket is another character, and still a bracket to a browser.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

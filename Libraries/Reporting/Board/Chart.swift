/// A bar chart or an area, drawn as SVG: no script, colours by style sheet, text of real size at every width.
///
/// A picture that is scaled down takes its letters with it, so a page holds each chart twice, drawn wide and narrow, and shows one.
struct Chart: Hashable, Sendable {
    /// How values are drawn.
    enum Form: Hashable, Sendable {
        /// One bar for each mark, its values stacked.
        case bars
        /// One area under the first values.
        case area
    }

    /// What stands over one place of the horizontal axis.
    struct Mark: Hashable, Sendable {
        /// The label on the axis; empty for none.
        var label: String
        /// What a pointer is told.
        var title: String
        /// The values, from the bottom up.
        var values: [Double]
    }

    /// How values are drawn.
    var form: Form
    /// What the chart shows, for those who cannot see it.
    var summary: String
    /// From left to right.
    var marks: [Mark]
    /// The language of the axis.
    var language: Language

    /// The SVG of this size.
    func svg(width: Int, height: Int) -> String {
        let frame = Frame(width: Double(width), height: Double(height), top: axis.last ?? 1)
        var svg = Markup()
        svg.open("svg", ["viewBox": "0 0 \(width) \(height)", "role": "img", "aria-label": summary])
        for value in axis {
            let y = frame.y(value)
            svg.leaf(
                "line",
                [
                    "class": value == 0 ? "base" : "grid", "x1": frame.left.svg, "x2": frame.right.svg, "y1": y.svg,
                    "y2": y.svg,
                ])
            svg.text(
                NumberText.compact(value, language), ["class": "tick", "x": (frame.left - 8).svg, "y": (y + 4).svg])
        }
        switch form {
        case .bars: drawBars(in: frame, to: &svg)
        case .area: drawArea(in: frame, to: &svg)
        }
        drawLabels(in: frame, to: &svg)
        svg.close("svg")
        return svg.markup
    }

    /// Round values from zero to the first that is not below the highest mark; four steps at most.
    var axis: [Double] {
        let highest = marks.map { $0.values.reduce(0, +) }.max() ?? 0
        guard highest > 0 else { return [0, 1] }
        var size = 1.0
        while size * 10 <= highest { size *= 10 }
        while size > highest { size /= 10 }
        let step = [0.25, 0.5, 1, 2, 2.5, 5].map { max(1, $0 * size) }.first { $0 * 4 >= highest } ?? size * 10
        return (0...Int((highest / step).rounded(.up))).map { Double($0) * step }
    }

    private func drawBars(in frame: Frame, to svg: inout Markup) {
        let slot = frame.innerWidth / Double(max(1, marks.count))
        let width = max(1, min(44, slot * 0.68))
        for (index, mark) in marks.enumerated() {
            let x = frame.left + slot * (Double(index) + 0.5) - width / 2
            svg.open("g", ["class": "bar"])
            svg.element("title", text: mark.title)
            var below = 0.0
            for (series, value) in mark.values.enumerated() where value > 0 {
                let (top, bottom) = (frame.y(below + value), frame.y(below))
                svg.leaf(
                    "rect",
                    [
                        "class": "s\(series)", "x": x.svg, "y": top.svg, "width": width.svg,
                        "height": max(0.5, bottom - top).svg, "rx": min(3, width / 4).svg,
                    ])
                below += value
            }
            svg.close("g")
        }
    }

    private func drawArea(in frame: Frame, to svg: inout Markup) {
        let step = frame.innerWidth / Double(max(1, marks.count - 1))
        let points = marks.enumerated().map { index, mark in
            "\((frame.left + step * Double(index)).svg) \(frame.y(mark.values.first ?? 0).svg)"
        }
        let line = "M" + points.joined(separator: "L")
        svg.leaf(
            "path",
            ["class": "area", "d": "\(line)L\(frame.right.svg) \(frame.y(0).svg)L\(frame.left.svg) \(frame.y(0).svg)Z"])
        svg.leaf("path", ["class": "line", "d": line])
    }

    /// As many labels as fit, evenly spaced.
    private func drawLabels(in frame: Frame, to svg: inout Markup) {
        let labelled = marks.indices.filter { !marks[$0].label.isEmpty }
        let every = max(1, Int((Double(labelled.count) * 52 / frame.innerWidth).rounded(.up)))
        for (count, index) in labelled.enumerated() where count.isMultiple(of: every) {
            let place =
                form == .bars
                ? (Double(index) + 0.5) / Double(marks.count) : Double(index) / Double(max(1, marks.count - 1))
            svg.text(
                marks[index].label,
                ["class": "label", "x": (frame.left + frame.innerWidth * place).svg, "y": (frame.height - 6).svg])
        }
    }
}

/// The measures of a drawing.
private struct Frame {
    let width: Double
    let height: Double
    /// The value at the upper edge.
    let top: Double

    var left: Double { 52 }
    var right: Double { width - 12 }
    var innerWidth: Double { right - left }

    func y(_ value: Double) -> Double { 10 + (height - 38) * (1 - value / top) }
}

/// Writes markup; everything that is not a name is escaped.
struct Markup: Sendable {
    private(set) var markup = ""

    mutating func open(_ name: String, _ attributes: KeyValuePairs<String, String>) {
        markup += "<\(name)\(Self.text(of: attributes))>"
    }

    mutating func close(_ name: String) { markup += "</\(name)>" }

    mutating func leaf(_ name: String, _ attributes: KeyValuePairs<String, String>) {
        markup += "<\(name)\(Self.text(of: attributes))/>"
    }

    mutating func element(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], text: String) {
        open(name, attributes)
        markup += Self.escaped(text)
        close(name)
    }

    mutating func text(_ text: String, _ attributes: KeyValuePairs<String, String>) {
        element("text", attributes, text: text)
    }

    private static func text(of attributes: KeyValuePairs<String, String>) -> String {
        attributes.map { " \($0.key)=\"\(escaped($0.value))\"" }.joined()
    }

    static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}

extension Double {
    /// At most one decimal, so that a drawing stays small.
    fileprivate var svg: String {
        let tenths = Int((self * 10).rounded())
        let (whole, rest) = tenths.magnitude.quotientAndRemainder(dividingBy: 10)
        return "\(tenths < 0 ? "-" : "")\(whole)\(rest == 0 ? "" : ".\(rest)")"
    }
}

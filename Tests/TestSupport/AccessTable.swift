import Foundation

/// `Services/access.txt`: who may use which endpoint.
package struct AccessTable: Sendable {
    /// One endpoint, and whose it is.
    package struct Line: Sendable {
        /// As in `GET`.
        package let method: String
        /// As in `/v1/gifts/{id}`.
        package let path: String
        /// Roles of API keys, or one of `public`, `signed`, `session`, `operations`, `gift`; beside `signed` the purpose of a source.
        package let holders: Set<String>

        /// As a service lists its routes.
        package var route: String { "\(method) \(path)" }
    }

    /// The lines of one service.
    package let lines: [Line]

    /// Reads the lines of a service, as in `siyu-gifts`.
    package init(of service: String) throws {
        let text = try String(contentsOfFile: Repository.path("Services/access.txt"), encoding: .utf8)
        lines = text.split(separator: "\n").compactMap { line in
            guard let match = line.wholeMatch(of: /(\S+) ([A-Z]+) (\S+): (.+)/), match.1 == service else { return nil }
            return Line(
                method: String(match.2), path: String(match.3),
                holders: Set(match.4.split(separator: " ").map(String.init)))
        }
    }

    /// Where the table and the routes of a service disagree, one sentence each: an endpoint without a line is nobody's.
    package func gaps(_ routes: [String]) -> [String] {
        let (listed, served) = (Set(lines.map(\.route)), Set(routes))
        return served.subtracting(listed).sorted().map {
            "\($0) is served, and Services/access.txt does not say for whom."
        }
            + listed.subtracting(served).sorted().map { "\($0) stands in Services/access.txt and is not served." }
    }
}

package import FoundationEssentials
package import Kernel

/// How far a file has come.
package enum ImportState: String, Hashable, Sendable, CaseIterable {
    /// Read and staged; its job waits.
    case accepted
    /// Some of it is loaded.
    case loading
    /// All of it that was to be loaded is.
    case loaded
    /// Nothing of it was loaded, because lines were refused.
    case refused
    /// It was a dry run: nothing was loaded, the counts say what would have been.
    case checked

    /// Whether nothing more will happen.
    package var isFinal: Bool {
        switch self {
        case .accepted, .loading: false
        case .loaded, .refused, .checked: true
        }
    }
}

/// What is asked with a file of orders.
package struct ImportRequest: Hashable, Sendable {
    /// Whose orders they are.
    package var brand: ID<Brand>
    /// Where they were placed.
    package var shop: ID<Shop>
    /// How the file is written down.
    package var format: ImportFormat
    /// What happens if lines are refused.
    package var mode: ImportMode
    /// Whether nothing is to be loaded.
    package var isDryRun: Bool

    /// A request to load everything or nothing.
    package init(
        brand: ID<Brand>, shop: ID<Shop>, format: ImportFormat, mode: ImportMode = .allOrNothing, isDryRun: Bool = false
    ) {
        self.brand = brand
        self.shop = shop
        self.format = format
        self.mode = mode
        self.isDryRun = isDryRun
    }
}

/// A file of orders on its way in.
package struct ImportRecord: Hashable, Sendable {
    /// Its id.
    package let id: ID<Import>
    /// What was asked.
    package let request: ImportRequest
    /// How far it has come.
    package let state: ImportState
    /// The job that loads it.
    package let job: UUID
    /// Lines that hold, or ought to hold, an order.
    package let lines: Int
    /// Lines that were refused.
    package let refused: Int
    /// The number of the file's last line.
    package let lastLine: Int
    /// How many lines of the file, in whatever order, have been dealt with.
    package let checkpointLine: Int
    /// Orders that are new.
    package let added: Int
    /// Orders of which it brought a later version.
    package let changed: Int
    /// Orders that were known like this, or in a later version.
    package let unchanged: Int
    /// When it was accepted.
    package let createdAt: Date
    /// When it last came further.
    package let updatedAt: Date

    /// How much of it has been dealt with, from 0 to 1.
    package var progress: Double {
        if state.isFinal { return 1 }
        return lastLine == 0 ? 0 : Double(checkpointLine) / Double(lastLine)
    }
}

/// What is to be done with an accepted file.
enum ImportStep: Equatable {
    /// Nothing: it was begun already.
    case none
    /// Count what would happen, and end as `checked`.
    case check
    /// Forget the staged lines, and end as `refused`.
    case refuse
    /// Load its lines.
    case load

    static func next(for record: ImportRecord) -> ImportStep {
        if record.state != .accepted { return .none }
        if record.request.isDryRun { return .check }
        if record.request.mode == .allOrNothing, record.refused > 0 { return .refuse }
        return .load
    }
}

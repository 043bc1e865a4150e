import Jobs
package import Kernel

/// The job that begins to load an accepted file; siyu-ingest works it.
package struct ImportLoad: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "import.load"
    /// The queue of this room.
    package static let jobQueue = "orders"

    /// Whose file it is.
    package let brand: ID<Brand>
    /// The file.
    package let importID: ID<Import>
}

/// The job that loads some lines of a file, in any order with the others; siyu-ingest works it.
package struct ImportChunk: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "import.chunk"
    /// The queue of this room.
    package static let jobQueue = "orders"

    /// Whose file it is.
    package let brand: ID<Brand>
    /// The file.
    package let importID: ID<Import>
    /// The number of the first line.
    package let first: Int32
    /// The number of the last line.
    package let last: Int32
}

/// Told to siyu-reports whenever orders of a shop were added or changed, in the same commit.
package struct OrdersChanged: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "orders.changed"
    /// The queue of siyu-reports.
    package static let jobQueue = "reports"

    /// Whose orders.
    package let brand: ID<Brand>
    /// In which shop.
    package let shop: ID<Shop>
    /// The days of Asia/Shanghai on which they were placed, before or after the change, as yyyy-mm-dd.
    package let days: [String]

    /// Tells of changed days.
    package init(brand: ID<Brand>, shop: ID<Shop>, days: [String]) {
        self.brand = brand
        self.shop = shop
        self.days = days
    }
}

/// All that an order gave others is back, since all of its money is, or some of it was given again; told to the queue that the giver named.
///
/// Whoever hears of it looks at what holds now: news of one order may overtake each other.
package struct SaleTurned: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "sale.turned"
    /// Unless the giver names another.
    package static let jobQueue = "coupons"

    /// Whose order.
    package let brand: ID<Brand>
    /// The order.
    package let order: ID<Order>

    /// Tells of an order.
    package init(brand: ID<Brand>, order: ID<Order>) {
        self.brand = brand
        self.order = order
    }
}

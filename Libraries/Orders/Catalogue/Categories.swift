package import FoundationEssentials
package import Kernel
package import Postgres

/// A kind of goods, and where it stands in a brand's tree as of an instant.
package struct CategoryRecord: Hashable, Sendable {
    /// Its id.
    package let id: ID<Category>
    /// The word by which policies and commands name it, unique within the brand.
    package let code: String
    /// Its name for people.
    package let title: String
    /// The code of the category that it stands below; nil at the top.
    package let parent: String?
    /// From when on it stands there.
    package let validFrom: Date
}

extension Catalogue {
    /// How deep a tree of categories may be.
    package static let categoryDepthMax = Limit(
        10, reason: "Shops have three or four levels: a deeper tree is a mistake, and is walked for every product.")

    /// Makes a category below another one or at the top, from now on; one that has the code already is shown as it stands.
    ///
    /// - Throws: ``Problem`` for a word that is none, a parent that there is not, a tree that grows too deep.
    package static func addCategory(
        code: String, title: String, below parent: String? = nil, brand: ID<Brand>, on pool: Pool
    ) async throws -> CategoryRecord {
        guard isCategoryCode(code) else {
            throw Problem.invalid(
                "A category's code is 1 to 40 lower-case letters, digits and hyphens.", code: "category_code_malformed")
        }
        guard (1...100).contains(title.unicodeScalars.count) else {
            throw Problem.invalid("A category's title is 1 to 100 characters long.", code: "category_title_malformed")
        }
        return try await pool.transaction { tx in
            try await tx.execute(CategoryStatements.lockTree(of: brand))
            let now = try await tx.one(CategoryStatements.clock())
            if let known = try await tx.first(CategoryStatements.category(code, brand: brand)) {
                return try await placed(known, at: now, brand: brand, on: tx)
            }
            let above = try await category(parent, brand: brand, on: tx)
            guard
                let id = try await tx.first(
                    CategoryStatements.add(.mint(), code: code, title: title, brand: brand, now: now))
            else { throw Problem.notFound("There is no such brand.") }
            // Not before the newest move: the tree that is looked at is the one from there on.
            let start = max(now, try await tx.one(CategoryStatements.newestMove(of: brand)) ?? now)
            try await checkDepth(below: above, at: start, brand: brand, on: tx)
            try await tx.execute(
                CategoryStatements.place(id, below: above, from: now, brand: brand, now: now))
            return CategoryRecord(id: id, code: code, title: title, parent: parent, validFrom: now)
        }
    }

    /// Moves a category, with everything below it, from now or a later instant on.
    ///
    /// - Throws: ``Problem`` for a category that there is not, a circle, an instant in the past or before the newest move of the brand.
    package static func moveCategory(
        _ code: String, below parent: String?, from instant: Date? = nil, brand: ID<Brand>, on pool: Pool
    ) async throws -> CategoryRecord {
        try await pool.transaction { tx in
            try await tx.execute(CategoryStatements.lockTree(of: brand))
            let now = try await tx.one(CategoryStatements.clock())
            let start = try start(instant, now)
            guard let moved = try await tx.first(CategoryStatements.category(code, brand: brand)) else {
                throw Problem.categoryUnknown(code)
            }
            let above = try await category(parent, brand: brand, on: tx)
            if let newest = try await tx.one(CategoryStatements.newestMove(of: brand)), start < newest {
                throw Problem.conflict(
                    "Categories are moved in the order of time: another move counts from a later instant already.")
            }
            try await checkDepth(below: above, at: start, brand: brand, on: tx, without: moved.id)
            let rows = try await tx.execute(
                CategoryStatements.place(moved.id, below: above, from: start, brand: brand, now: now))
            guard rows == 1 else {
                throw Problem.conflict("The category \(code) has a place from that very instant already.")
            }
            return CategoryRecord(
                id: moved.id, code: moved.code, title: moved.title, parent: parent, validFrom: start)
        }
    }

    /// Puts a product into a category from now or a later instant on, or out of all of them.
    ///
    /// - Throws: ``Problem`` for a shop, product or category that there is not, an instant in the past.
    package static func categorize(
        sku: String, shop: String, as category: String?, from instant: Date? = nil, brand: ID<Brand>, on pool: Pool
    ) async throws -> Date {
        try await pool.transaction { tx in
            let now = try await tx.one(CatalogueStatements.clock())
            let start = try start(instant, now)
            guard let shop = try await Self.shop(code: shop, brand: brand, on: tx) else {
                throw Problem.notFound("There is no shop \(shop): `siyu shop list` names them.")
            }
            guard let product = try await tx.first(CatalogueStatements.product(sku: sku, shop: shop.id, brand: brand))
            else { throw Problem.notFound("The shop \(shop.code) has no product \(sku).") }
            let id = try await Self.category(category, brand: brand, on: tx)
            let rows = try await tx.execute(
                CategoryStatements.categorize(product.id, as: id, from: start, brand: brand, now: now))
            guard rows == 1 else {
                throw Problem.conflict("The product \(sku) has a category from that very instant already.")
            }
            return start
        }
    }

    /// The categories of a brand as they stand at an instant, by their codes; nil means now.
    package static func categories(
        of brand: ID<Brand>, at instant: Date? = nil, on executor: some Executor
    ) async throws -> [CategoryRecord] {
        var at = instant
        if at == nil { at = try await executor.one(CatalogueStatements.clock()) }
        return try await executor.run(CategoryStatements.categories(of: brand, at: at ?? .distantFuture))
    }

    // MARK: Checks

    private static func start(_ instant: Date?, _ now: Date) throws(Problem) -> Date {
        guard let instant else { return now }
        guard instant >= now else {
            throw .invalid("Categories change from now or from a later instant on: the past stays as it was.")
        }
        return instant
    }

    private static func category(
        _ code: String?, brand: ID<Brand>, on tx: Transaction
    ) async throws -> ID<Category>? {
        guard let code else { return nil }
        guard let known = try await tx.first(CategoryStatements.category(code, brand: brand)) else {
            throw Problem.categoryUnknown(code)
        }
        return known.id
    }

    private static func placed(
        _ known: (id: ID<Category>, code: String, title: String), at now: Date, brand: ID<Brand>, on tx: Transaction
    ) async throws -> CategoryRecord {
        let all = try await tx.run(CategoryStatements.categories(of: brand, at: now))
        guard let record = all.first(where: { $0.id == known.id }) else {
            throw Problem.conflict("The category \(known.code) exists, and stands nowhere yet.")
        }
        return record
    }

    /// Walks up from a parent: it must not lead to the category that is moved, and not too far.
    private static func checkDepth(
        below parent: ID<Category>?, at instant: Date, brand: ID<Brand>, on tx: Transaction,
        without moved: ID<Category>? = nil
    ) async throws {
        guard let parent else { return }
        let above = try await tx.run(CategoryStatements.above(parent, at: instant, brand: brand))
        if let moved, above.contains(moved) {
            throw Problem.invalid("A category cannot stand below itself.", code: "category_circle")
        }
        var below = 1
        if let moved { below = try await tx.one(CategoryStatements.height(of: moved, at: instant, brand: brand)) }
        guard above.count + below <= categoryDepthMax.value else {
            throw Problem.invalid(
                "A tree of categories is at most \(categoryDepthMax.value) levels deep.", code: "category_too_deep")
        }
    }

    private static func isCategoryCode(_ code: String) -> Bool {
        code.wholeMatch(of: /[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?/) != nil
    }
}

extension Problem {
    fileprivate static func categoryUnknown(_ code: String) -> Problem {
        .invalid("There is no category \(code): `siyu category list` names them.", code: "category_unknown")
    }
}

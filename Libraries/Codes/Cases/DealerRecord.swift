package import FoundationEssentials
package import Kernel
package import Postgres

/// Somebody who sells a brand's packs, and where.
package struct DealerRecord: Hashable, Sendable {
    /// Its id.
    package let id: ID<Dealer>
    /// What the brand calls it in files and commands.
    package let code: String
    /// Its name for people.
    package let name: String
    /// The middle of where it sells.
    package let point: ScanPlace.Point
    /// How far from there it may sell.
    package let radiusKm: Int32
    /// When it was made.
    package let createdAt: Date

    /// A dealer in its parts.
    package init(
        id: ID<Dealer>, code: String, name: String, point: ScanPlace.Point, radiusKm: Int32, createdAt: Date
    ) {
        self.id = id
        self.code = code
        self.name = name
        self.point = point
        self.radiusKm = radiusKm
        self.createdAt = createdAt
    }

    /// How far from the middle a place is, if that is outside the region; nil inside of it.
    package func kilometres(outside place: ScanPlace.Point) -> Double? {
        let distance = point.kilometres(to: place)
        return distance > Double(radiusKm) ? distance : nil
    }
}

/// The dealers of a brand.
package enum Dealers {
    private static let codeBytesMax = 40
    private static let nameMax = 100
    private static let radii = Int32(1)...20_000

    /// Makes a dealer, or changes what is known of it; from now on scans are compared with that.
    ///
    /// - Throws: ``Problem`` 422 that says what is wrong, 404 for a brand that there is not.
    package static func set(
        code: String, name: String, lat: Double, lon: Double, radiusKm: Int32, brand: ID<Brand>, on pool: Pool
    ) async throws -> DealerRecord {
        guard isCode(code) else {
            throw Problem.invalid(
                "A dealer's code has 1 to \(codeBytesMax) lower-case letters, digits and inner hyphens.",
                code: "dealer_malformed")
        }
        guard (1...nameMax).contains(name.unicodeScalars.count) else {
            throw Problem.invalid("A dealer's name has 1 to \(nameMax) characters.", code: "dealer_malformed")
        }
        guard let point = ScanPlace(lat: lat, lon: lon, city: nil)?.point else {
            throw Problem.invalid(
                "A dealer is at -90 to 90 degrees north and -180 to 180 east.", code: "dealer_malformed")
        }
        guard radii.contains(radiusKm) else {
            throw Problem.invalid(
                "A region reaches \(radii.lowerBound) to \(radii.upperBound) km.", code: "dealer_malformed")
        }
        return try await pool.transaction { tx in
            let now = try await tx.one(BatchStatements.clock())
            let dealer = DealerRecord(
                id: .mint(), code: code, name: name, point: point, radiusKm: radiusKm, createdAt: now)
            guard let set = try await tx.first(CaseStatements.setDealer(dealer, brand: brand, now: now)) else {
                throw Problem.notFound("There is no such brand.")
            }
            return set
        }
    }

    /// The dealers of a brand by code.
    package static func list(brand: ID<Brand>, on pool: Pool) async throws -> [DealerRecord] {
        try await pool.run(CaseStatements.dealers(brand: brand))
    }

    private static func isCode(_ text: String) -> Bool {
        (1...codeBytesMax).contains(text.utf8.count) && text.first != "-" && text.last != "-"
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x2D, 0x30...0x39, 0x61...0x7A: true
                default: false
                }
            }
    }
}

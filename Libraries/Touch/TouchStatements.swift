import Foundation
import Kernel
import Postgres

/// The SQL of touches.
enum TouchStatements {
    struct NewTouch: Sendable {
        let member: ID<Member>
        let subject: UUID
        let source: UUID
        let product: ID<Product>?
        let shop: ID<Shop>?
        let at: Date
    }

    /// Sorted by the key.
    static func insert(
        _ touches: [NewTouch], _ onConflict: OnConflict, kind: String, brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO touch.touch (brand_id, member_id, kind, subject_id, source_id, product_id, shop_id,
                touched_at)
            SELECT b.brand_id, x.member_id, \(kind), x.subject_id, x.source_id, x.product_id, x.shop_id, x.touched_at
            FROM siyu.brand b
            CROSS JOIN unnest(\(touches.map(\.member)), \(touches.map(\.subject)),
                \(touches.map(\.source)), \(touches.map(\.product?.rawValue)), \(touches.map(\.shop?.rawValue)),
                \(touches.map(\.at))) AS x (member_id, subject_id, source_id, product_id, shop_id, touched_at)
            WHERE b.brand_id = \(brand)
            ORDER BY x.subject_id
            \(onConflict)
            """)
    }
}

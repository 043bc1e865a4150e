import Testing

struct StatementRulesTests {
    @Test func sql_standsInStatementsAndSchemaOnly() {
        let violations = StatementRules.violations(inHomesOf: SourceFile.all)

        #expect(violations.isEmpty, "\(violations.report)")
    }

    @Test func businessStatements_bindTheBrandAndReadNoClock() {
        let violations = StatementRules.violations(inBusiness: SourceFile.all)

        #expect(violations.isEmpty, "\(violations.report)")
    }

    @Test func exceptions_standForStatementsThatExist() {
        for exception in StatementRules.brandless {
            let file = SourceFile.all.first { $0.name == exception.file }
            #expect(file?.text.contains(exception.part) == true, "\(exception.file) no longer needs an exception")
        }
    }

    @Test(arguments: [
        ("Libraries/Orders/Import.swift", "let a = \"SELECT 1 FROM t\""),
        ("Services/Ingest/A.swift", "let a = \"\"\"\n    UPDATE orders.shop\n    \"\"\""),
        ("Libraries/Hosting/A.swift", "let a = \"DELETE FROM t\""),
    ])
    func sample_withSQLAwayFromHome_isFound(path: String, text: String) {
        #expect(StatementRules.violations(inHomesOf: [SourceFile(path, text)]).count == 1)
    }

    @Test(arguments: [
        ("Libraries/Orders/OrderStatements.swift", "let a = \"SELECT 1 FROM t\""),
        ("Libraries/Schema/Migrator.swift", "let a = \"SELECT 1 FROM t\""),
        ("Libraries/Orders/A.swift", "// SELECT 1 FROM t"),
        ("Libraries/Orders/A.swift", "let a = \"Select a file\""),
        ("Tests/OrdersTests/A.swift", "let a = \"SELECT 1 FROM t\""),
    ])
    func sample_withSQLAtHomeOrNone_passes(path: String, text: String) {
        #expect(StatementRules.violations(inHomesOf: [SourceFile(path, text)]).isEmpty)
    }

    @Test(arguments: [
        ("SELECT a FROM orders.shop WHERE shop_id = \\(shop)", 1),
        ("SELECT a FROM orders.shop WHERE brand_id = ANY(\\(brands))", 1),
        ("UPDATE orders.shop SET created_at = now() WHERE brand_id = \\(brand)", 1),
        ("SELECT siyu.clock(), a FROM t WHERE brand_id = \\(brand)", 1),
        ("INSERT INTO orders.shop (shop_id, brand_id) VALUES (\\(shop), \\(brand))", 1),
        ("SELECT a FROM orders.shop s WHERE s.brand_id = \\(brand)", 0),
        ("INSERT INTO orders.shop (brand_id, shop_id) VALUES (\\(brand), \\(shop))", 0),
        ("SELECT siyu.clock()", 0),
        ("SELECT DISTINCT x.day FROM unnest(\\(days)) AS x (day)", 0),
        ("UPDATE orders.shop SET created_at = \\(now) WHERE brand_id = \\(brand)", 0),
    ])
    func businessSample_withAndWithoutBrand_isFoundOrPasses(sql: String, count: Int) {
        let file = SourceFile("Libraries/Orders/ShopStatements.swift", "let a = \"\(sql)\"")

        #expect(StatementRules.violations(inBusiness: [file]).count == count)
    }
}

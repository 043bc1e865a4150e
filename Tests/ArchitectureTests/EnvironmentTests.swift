import Testing

struct EnvironmentTests {
    @Test func variables_inCodeAndTemplate_areTheSame() throws {
        let code = Environment.keys(in: SourceFile.all)
        let template = Environment.keys(inTemplate: try SourceFile.read("deploy/env.template"))

        #expect(code.subtracting(template).sorted() == [], "read by a program, not explained in deploy/env.template")
        #expect(template.subtracting(code).sorted() == [], "explained in deploy/env.template, read by no program")
    }

    @Test func samples_giveTheirKeys() {
        let file = SourceFile(
            "Libraries/Hosting/A.swift",
            """
            let a = "SIYU_LOG_LEVEL", b = "Set DATABASE_URL first" // "SIYU_OTHER"
            let all = [ Setting("admin-port", 1), Setting(
                "database-url", 2)]
            """)

        #expect(Environment.keys(in: [file]) == ["DATABASE_URL", "SIYU_ADMIN_PORT", "SIYU_LOG_LEVEL"])
        #expect(
            Environment.keys(inTemplate: "# why SIYU_X=\nSIYU_ENV=production\n#SIYU_KEYS=/keys") == [
                "SIYU_ENV", "SIYU_KEYS",
            ])
    }
}

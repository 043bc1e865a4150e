/// The variables that programs read are the ones that `deploy/env.template` explains, and back.
enum Environment {
    /// The variables named in code: `SIYU_…` and `DATABASE_…` as whole string literals.
    static func keys(in files: [SourceFile]) -> Set<String> {
        Set(
            files.filter { $0.isIn("Libraries", "Services") }.flatMap { $0.swift.literals }
                .filter { $0.text.wholeMatch(of: /(?:SIYU|DATABASE)(?:_[A-Z]+)+/) != nil }.map(\.text))
    }

    /// The variables that the template sets or shows commented out.
    static func keys(inTemplate template: String) -> Set<String> {
        Set(
            template.split(separator: "\n").compactMap {
                $0.firstMatch(of: /^#?((?:SIYU|DATABASE)(?:_[A-Z]+)+)=/).map { String($0.1) }
            })
    }
}

/// The path of the audit trail.
let auditPaths = """
        "/v1/audit": {
          "get": {
            "summary": "What people did by hand at the brand, newest first. Needs a staff or auditor key of the whole brand.",
            "security": [{ "key": [] }],
            "parameters": [
              { "name": "before", "in": "query", "description": "Entries before this number.",
                "schema": { "type": "integer", "minimum": 1 } },
              { "name": "limit", "in": "query", "schema": { "type": "integer", "minimum": 1, "default": 50 },
                "description": "How many; 200 at most." }
            ],
            "responses": {
              "200": { "description": "A page of the trail.", "content": { "application/json": { "schema": {
                "type": "object", "required": ["entries"],
                "properties": {
                  "next": { "type": "integer", "description": "To be asked for as `before`; missing at the end." },
                  "entries": { "type": "array", "items": {
                    "type": "object",
                    "required": ["number", "acted_at", "author", "act", "subject", "reason", "details", "hash"],
                    "properties": {
                      "number": { "type": "integer" }, "acted_at": { "type": "string", "format": "date-time" },
                      "author": { "type": "string" }, "act": { "type": "string" }, "subject": { "type": "string" },
                      "reason": { "type": "string" }, "details": { "type": "string" },
                      "hash": { "type": "string", "description": "Of this entry and all before it." }
                    } } }
                } } } } },
              "401": { "$ref": "#/components/responses/Problem" },
              "403": { "$ref": "#/components/responses/Problem" },
              "422": { "$ref": "#/components/responses/Problem" }
            }
          }
        },
    """

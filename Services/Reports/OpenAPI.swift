/// The API of siyu-reports, served at `/openapi.json`.
let openAPI = """
    {
      "openapi": "3.1.0",
      "info": { "title": "siyu-reports", "version": "1", "description": "Boards, reports and exports." },
      "paths": {
        "/": {
          "get": {
            "summary": "The brand's board, a page for people.",
            "security": [{ "session": [] }],
            "parameters": [
              { "$ref": "#/components/parameters/from" }, { "$ref": "#/components/parameters/to" },
              { "$ref": "#/components/parameters/shop" },
              { "name": "lang", "in": "query", "description": "Wins over Accept-Language.",
                "schema": { "enum": ["zh", "en"] } }
            ],
            "responses": {
              "200": { "description": "The board.", "content": { "text/html": {} } },
              "303": { "description": "Nobody is signed in: to /login." }
            }
          }
        },
        "/board.css": {
          "get": {
            "summary": "The board's style sheet.",
            "responses": { "200": { "description": "The style sheet.", "content": { "text/css": {} } } }
          }
        },
        "/login": {
          "get": {
            "summary": "The page for signing in.",
            "responses": { "200": { "description": "A form.", "content": { "text/html": {} } } }
          },
          "post": {
            "summary": "Signs in with an API key.",
            "requestBody": { "content": { "application/x-www-form-urlencoded": {
              "schema": { "type": "object", "required": ["key"], "properties": { "key": { "type": "string" } } } } } },
            "responses": {
              "303": { "description": "Signed in; to the board." },
              "401": { "description": "The key is not valid.", "content": { "text/html": {} } }
            }
          }
        },
        "/logout": {
          "post": {
            "summary": "Signs out.",
            "security": [{ "session": [] }],
            "requestBody": { "content": { "application/x-www-form-urlencoded": {
              "schema": { "type": "object", "required": ["csrf"], "properties": { "csrf": { "type": "string" } } } } } },
            "responses": { "303": { "description": "Signed out; to /login." } }
          }
        },
        "/v1/reports/{name}": {
          "get": {
            "summary": "A report: figures, each with the identities it balances by.",
            "security": [{ "key": [] }, { "session": [] }],
            "parameters": [
              { "name": "name", "in": "path", "required": true, "schema": { "enum": ["overview", "prizes", "gifts"] } },
              { "name": "brand", "in": "query", "description": "The caller's brand, which is also the default.",
                "schema": { "type": "string", "format": "uuid" } },
              { "$ref": "#/components/parameters/from" }, { "$ref": "#/components/parameters/to" },
              { "$ref": "#/components/parameters/shop" },
              { "name": "as_of", "in": "query", "schema": { "type": "string", "format": "date-time" },
                "description": "Not kept yet: answered 422. A report is as of the instant it is asked for." },
              { "name": "format", "in": "query", "schema": { "enum": ["json", "csv"], "default": "json" } }
            ],
            "responses": {
              "200": { "description": "The report; prizes and gifts have figures and balances of their own.", "content": {
                "application/json": { "schema": { "oneOf": [
                  { "$ref": "#/components/schemas/Report" }, { "$ref": "#/components/schemas/Sheet" }
                ] } }, "text/csv": {} } },
              "401": { "$ref": "#/components/responses/Problem" },
              "403": { "$ref": "#/components/responses/Problem" },
              "404": { "$ref": "#/components/responses/Problem" },
              "422": { "$ref": "#/components/responses/Problem" }
            }
          }
        }
      },
      "components": {
        "securitySchemes": {
          "key": { "type": "http", "scheme": "bearer" },
          "session": { "type": "apiKey", "in": "cookie", "name": "siyu_session" }
        },
        "parameters": {
          "from": { "name": "from", "in": "query", "description": "The first day; by default the first with an order.",
            "schema": { "type": "string", "format": "date" } },
          "to": { "name": "to", "in": "query",
            "description": "The last day; by default the last with an order. A report covers at most 1,100 days.",
            "schema": { "type": "string", "format": "date" } },
          "shop": { "name": "shop", "in": "query", "description": "One shop instead of the whole brand.",
            "schema": { "type": "string", "format": "uuid" } }
        },
        "responses": {
          "Problem": { "description": "A problem document (RFC 9457).", "content": { "application/problem+json": {} } }
        },
        "schemas": {
          "Sheet": {
            "type": "object", "description": "A report on prizes or gifts.",
            "required": [
              "report", "definition_version", "brand_id", "from", "to", "time_zone", "as_of", "balanced", "figures", "balances",
              "by_product", "by_day", "metrics"
            ],
            "properties": {
              "report": { "enum": ["prizes", "gifts"] },
              "balanced": { "type": "boolean", "description": "Whether every identity holds." },
              "figures": { "type": "object", "additionalProperties": { "type": "integer" } },
              "by_batch": { "type": "array", "description": "Of prizes only.", "items": { "type": "object" } },
              "by_product": { "type": "array", "items": { "type": "object" } },
              "by_day": { "type": "array", "items": { "type": "object" } }
            }
          },
          "Report": {
            "type": "object",
            "required": [
              "report", "definition_version", "brand_id", "from", "to", "time_zone", "as_of", "input_hash", "balanced",
              "figures", "by_month", "by_day", "by_shop", "metrics"
            ],
            "properties": {
              "report": { "type": "string" },
              "definition_version": { "type": "integer" },
              "brand_id": { "type": "string", "format": "uuid" },
              "brand_name": { "type": "string" },
              "shop_id": { "type": "string", "format": "uuid" },
              "shop_name": { "type": "string" },
              "from": { "type": "string", "format": "date" },
              "to": { "type": "string", "format": "date" },
              "time_zone": { "const": "Asia/Shanghai" },
              "as_of": { "type": "string", "format": "date-time" },
              "rolled_at": { "type": "string", "format": "date-time" },
              "pending_days": { "type": "integer", "description": "Days that have changed and are being computed." },
              "input_hash": { "type": "string", "description": "The same orders give the same hash." },
              "currency": { "const": "CNY" },
              "balanced": { "type": "boolean", "description": "Whether every identity holds." },
              "figures": { "type": "object", "additionalProperties": { "$ref": "#/components/schemas/Figure" } },
              "by_month": { "type": "array", "items": { "$ref": "#/components/schemas/Row" } },
              "by_day": { "type": "array", "items": { "$ref": "#/components/schemas/Row" } },
              "by_shop": { "type": "array", "items": { "$ref": "#/components/schemas/Row" } },
              "metrics": { "type": "array", "items": { "type": "object" }, "description": "The metric dictionary." }
            }
          },
          "Figure": {
            "type": "object",
            "required": ["unit", "balanced", "balances"],
            "properties": {
              "value": { "type": "integer" },
              "value_fen": { "type": "integer", "description": "Instead of value, where the unit is fen." },
              "unit": { "enum": ["fen", "orders", "members"] },
              "balanced": { "type": "boolean" },
              "balances": { "type": "array", "items": {
                "type": "object",
                "properties": {
                  "identity": { "type": "string" }, "left": { "type": "integer" }, "right": { "type": "integer" },
                  "difference": { "type": "integer" }, "unit": { "enum": ["fen", "count"] },
                  "balanced": { "type": "boolean" }
                } } }
            }
          },
          "Row": {
            "type": "object",
            "properties": {
              "from": { "type": "string", "format": "date" }, "to": { "type": "string", "format": "date" },
              "shop_id": { "type": "string", "format": "uuid" }, "shop_code": { "type": "string" },
              "shop_name": { "type": "string" },
              "gmv_fen": { "type": "integer" }, "orders": { "type": "integer" }, "zero_orders": { "type": "integer" },
              "payers": { "type": "integer" }, "new_members": { "type": "integer" },
              "returning_members": { "type": "integer" }, "repeat_members": { "type": "integer" },
              "average_order_fen": { "type": "integer" }, "ledger_fen": { "type": "integer" },
              "ledger_payments": { "type": "integer" }, "balanced": { "type": "boolean" },
              "broken": { "type": "array", "items": { "type": "string" } }
            }
          }
        }
      }
    }
    """

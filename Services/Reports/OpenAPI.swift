/// The API of siyu-reports, served at `/openapi.json`.
let openAPI = """
    {
      "openapi": "3.1.0",
      "info": { "title": "siyu-reports", "version": "1", "description": "Boards, reports, exports and the queue's console." },
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
    \(auditPaths)
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
              "303": { "description": "Signed in; to the board, or with an operations key to the console." },
              "401": { "description": "The key is not valid.", "content": { "text/html": {} } }
            }
          }
        },
        "/logout": {
          "post": {
            "summary": "Signs out.",
            "security": [{ "session": [] }],
            "requestBody": { "content": { "application/x-www-form-urlencoded": {
              "schema": { "type": "object", "required": ["csrf"], "properties": {
                "csrf": { "type": "string" } } } } } },
            "responses": { "303": { "description": "Signed out; to /login." } }
          }
        },
        "/jobs": {
          "get": {
            "summary": "The queue's console, a page for those who run the installation; with a state, a list of jobs.",
            "security": [{ "session": [] }],
            "parameters": [
              { "name": "state", "in": "query",
                "schema": { "enum": ["ready", "running", "waiting", "completed", "discarded"] } },
              { "$ref": "#/components/parameters/queue" }, { "$ref": "#/components/parameters/kind" },
              { "$ref": "#/components/parameters/reason" },
              { "name": "after", "in": "query", "description": "Where the page before ended.",
                "schema": { "type": "string" } },
              { "name": "refresh", "in": "query", "description": "Loads the overview again after so many seconds.",
                "schema": { "type": "integer", "minimum": 5, "maximum": 3600 } },
              { "$ref": "#/components/parameters/lang" }
            ],
            "responses": {
              "200": { "description": "The page. Counts stop at 10,000.", "content": { "text/html": {} } },
              "303": { "description": "Nobody is signed in: to /login." },
              "403": { "$ref": "#/components/responses/Page" },
              "503": { "description": "The database did not answer within 2 s.", "content": { "text/html": {} } }
            }
          }
        },
        "/jobs.css": {
          "get": {
            "summary": "The console's style sheet.",
            "responses": { "200": { "description": "The style sheet.", "content": { "text/css": {} } } }
          }
        },
        "/jobs/audit": {
          "get": {
            "summary": "What people did to the queue, the latest first.",
            "security": [{ "session": [] }],
            "parameters": [
              { "name": "before", "in": "query", "schema": { "type": "integer" } },
              { "$ref": "#/components/parameters/lang" }
            ],
            "responses": {
              "200": { "description": "The page.", "content": { "text/html": {} } },
              "403": { "$ref": "#/components/responses/Page" }
            }
          }
        },
        "/jobs/rules": {
          "get": {
            "summary": "When schedules fire next, and how far quotas are used.",
            "security": [{ "session": [] }],
            "parameters": [
              { "name": "schedule", "in": "query", "schema": { "type": "string" } },
              { "$ref": "#/components/parameters/quota" }, { "$ref": "#/components/parameters/lang" }
            ],
            "responses": {
              "200": { "description": "The page.", "content": { "text/html": {} } },
              "403": { "$ref": "#/components/responses/Page" }
            }
          }
        },
        "/jobs/redrive": {
          "get": {
            "summary": "How many discarded jobs a redrive would take, and the form that does it.",
            "security": [{ "session": [] }],
            "parameters": [
              { "$ref": "#/components/parameters/queue" }, { "$ref": "#/components/parameters/kind" },
              { "$ref": "#/components/parameters/reason" }, { "$ref": "#/components/parameters/lang" }
            ],
            "responses": {
              "200": { "description": "The page; nothing was moved.", "content": { "text/html": {} } },
              "403": { "$ref": "#/components/responses/Page" }
            }
          },
          "post": {
            "summary": "Lets discarded jobs run again, 10,000 at most.",
            "security": [{ "session": [] }],
            "requestBody": { "content": { "application/x-www-form-urlencoded": {
              "schema": { "type": "object", "required": ["csrf", "rate", "reason"],
                "properties": {
                  "csrf": { "type": "string" }, "queue": { "type": "string" }, "kind": { "type": "string" },
                  "why": { "enum": ["permanent", "exhausted", "poison", "cancelled", "late"] },
                  "rate": { "type": "integer", "minimum": 1, "maximum": 10000 },
                  "reason": { "type": "string" } } } } } },
            "responses": {
              "303": { "description": "Done, or found done already: to a page that says so." },
              "401": { "$ref": "#/components/responses/Page" },
              "403": { "$ref": "#/components/responses/Page" },
              "422": { "$ref": "#/components/responses/Page" }
            }
          }
        },
        "/jobs/pause": {
          "get": {
            "summary": "The form that pauses queues, kinds, brands, quotas.",
            "security": [{ "session": [] }],
            "parameters": [
              { "$ref": "#/components/parameters/queue" }, { "$ref": "#/components/parameters/kind" },
              { "name": "brand", "in": "query", "schema": { "type": "string", "format": "uuid" } },
              { "$ref": "#/components/parameters/quota" }, { "$ref": "#/components/parameters/lang" }
            ],
            "responses": {
              "200": { "description": "The form.", "content": { "text/html": {} } },
              "403": { "$ref": "#/components/responses/Page" },
              "422": { "$ref": "#/components/responses/Page" }
            }
          },
          "post": {
            "summary": "Pauses what fits all that is named: at least one of queue, kind, brand, quota.",
            "security": [{ "session": [] }],
            "requestBody": { "content": { "application/x-www-form-urlencoded": {
              "schema": { "type": "object", "required": ["csrf", "reason"],
                "properties": {
                  "csrf": { "type": "string" }, "queue": { "type": "string" }, "kind": { "type": "string" },
                  "brand": { "type": "string", "format": "uuid" }, "quota": { "type": "string" },
                  "span": { "enum": ["open", "quarter", "hour", "hours4", "day"] },
                  "reason": { "type": "string" } } } } } },
            "responses": {
              "303": { "description": "Done, or found done already: to a page that says so." },
              "401": { "$ref": "#/components/responses/Page" },
              "403": { "$ref": "#/components/responses/Page" },
              "422": { "$ref": "#/components/responses/Page" }
            }
          }
        },
        "/jobs/pauses/{id}/resume": {
          "post": {
            "summary": "Ends a pause.",
            "security": [{ "session": [] }],
            "parameters": [
              { "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } }
            ],
            "requestBody": { "$ref": "#/components/requestBodies/Reason" },
            "responses": {
              "303": { "description": "Done, or found done already: to a page that says so." },
              "401": { "$ref": "#/components/responses/Page" },
              "403": { "$ref": "#/components/responses/Page" },
              "422": { "$ref": "#/components/responses/Page" }
            }
          }
        },
        "/jobs/{id}": {
          "get": {
            "summary": "One job: its life, its failed runs, why it waits. Never its payload.",
            "security": [{ "session": [] }],
            "parameters": [{ "$ref": "#/components/parameters/job" }, { "$ref": "#/components/parameters/lang" }],
            "responses": {
              "200": { "description": "The page.", "content": { "text/html": {} } },
              "403": { "$ref": "#/components/responses/Page" },
              "404": { "$ref": "#/components/responses/Page" }
            }
          }
        },
        "/jobs/{id}/cancel": {
          "post": {
            "summary": "Cancels a job; one that runs is asked to stop.",
            "security": [{ "session": [] }],
            "parameters": [{ "$ref": "#/components/parameters/job" }],
            "requestBody": { "$ref": "#/components/requestBodies/Reason" },
            "responses": {
              "303": { "description": "Done, or found done already: to a page that says so." },
              "401": { "$ref": "#/components/responses/Page" },
              "403": { "$ref": "#/components/responses/Page" },
              "422": { "$ref": "#/components/responses/Page" }
            }
          }
        },
        "/jobs/{id}/retry": {
          "post": {
            "summary": "Lets a discarded job run again.",
            "security": [{ "session": [] }],
            "parameters": [{ "$ref": "#/components/parameters/job" }],
            "requestBody": { "$ref": "#/components/requestBodies/Reason" },
            "responses": {
              "303": { "description": "Done, or found done already: to a page that says so." },
              "401": { "$ref": "#/components/responses/Page" },
              "403": { "$ref": "#/components/responses/Page" },
              "422": { "$ref": "#/components/responses/Page" }
            }
          }
        },
        "/reconciliation": {
          "get": {
            "summary": "Money on its way, and everything in which WeChat Pay's bills, our records and the books differ: a page.",
            "security": [{ "session": [] }],
            "parameters": [{ "$ref": "#/components/parameters/lang" }, { "$ref": "#/components/parameters/afterDifference" },
              { "$ref": "#/components/parameters/differences" }],
            "responses": {
              "200": { "description": "The page.", "content": { "text/html": {} } },
              "303": { "description": "Nobody is signed in: to /login." },
              "403": { "$ref": "#/components/responses/Problem" },
              "422": { "$ref": "#/components/responses/Problem" }
            }
          }
        },
        "/v1/reconciliation": {
          "get": {
            "summary": "The same as JSON: refunds by stage and age, unknown outcomes, open differences, fees by month. Not for one shop's key.",
            "security": [{ "key": [] }, { "session": [] }],
            "parameters": [{ "$ref": "#/components/parameters/afterDifference" }, { "$ref": "#/components/parameters/differences" }],
            "responses": {
              "200": { "description": "As of one instant.", "content": { "application/json": { "schema": {
                "type": "object",
                "required": ["brand_id", "as_of", "in_order", "bills", "differences", "mismatches", "refunds", "refunds_unknown", "fees"],
                "properties": {
                  "in_order": { "type": "boolean", "description": "Nothing differs, and no refund waits for a day." },
                  "refunds_unknown": { "type": "integer" },
                  "differences": { "type": "integer", "description": "How much differs, on all pages." },
                  "next": { "type": "string", "format": "uuid", "description": "For `after`; missing on the last page." },
                  "mismatches": { "type": "array", "description": "A page of them, the oldest first.", "items": { "type": "object" } },
                  "refunds": { "type": "array", "items": { "type": "object" } },
                  "bills": { "type": "array", "items": { "type": "object" } },
                  "fees": { "type": "array", "items": { "type": "object" } }
                } } } } },
              "401": { "$ref": "#/components/responses/Problem" },
              "403": { "$ref": "#/components/responses/Problem" },
              "404": { "$ref": "#/components/responses/Problem" },
              "422": { "$ref": "#/components/responses/Problem" }
            }
          }
        },
        "/v1/reports/{name}": {
          "get": {
            "summary": "A report: figures, each with the identities it balances by.",
            "security": [{ "key": [] }, { "session": [] }],
            "parameters": [
              { "name": "name", "in": "path", "required": true, "schema": { "enum": ["overview", "prizes", "gifts", "settlement", "packs", "draws", "funnel", "returns", "givers", "supply", "ratings"] } },
              { "name": "brand", "in": "query", "description": "The caller's brand, which is also the default.",
                "schema": { "type": "string", "format": "uuid" } },
              { "$ref": "#/components/parameters/from" }, { "$ref": "#/components/parameters/to" },
              { "$ref": "#/components/parameters/shop" },
              { "name": "as_of", "in": "query", "schema": { "type": "string", "format": "date-time" },
                "description": "Not kept yet: answered 422. A report is as of the instant it is asked for." },
              { "name": "format", "in": "query", "schema": { "enum": ["json", "csv"], "default": "json" } }
            ],
            "responses": {
              "200": { "description": "The report; all but the overview have figures and balances of their own.", "content": {
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
          "afterDifference": { "name": "after", "in": "query", "description": "The `next` of the page before.",
            "schema": { "type": "string", "format": "uuid" } },
          "differences": { "name": "limit", "in": "query", "description": "Differences on a page.",
            "schema": { "type": "integer", "minimum": 1, "maximum": 500, "default": 500 } },
          "from": { "name": "from", "in": "query", "description": "The first day; by default the first with an order.",
            "schema": { "type": "string", "format": "date" } },
          "to": { "name": "to", "in": "query",
            "description": "The last day; by default the last with an order. A report covers at most 1,100 days.",
            "schema": { "type": "string", "format": "date" } },
          "shop": { "name": "shop", "in": "query", "description": "One shop instead of the whole brand.",
            "schema": { "type": "string", "format": "uuid" } },
          "queue": { "name": "queue", "in": "query", "schema": { "type": "string" } },
          "kind": { "name": "kind", "in": "query", "schema": { "type": "string" } },
          "quota": { "name": "quota", "in": "query", "schema": { "type": "string" } },
          "reason": { "name": "reason", "in": "query", "description": "Why jobs were discarded.",
            "schema": { "enum": ["permanent", "exhausted", "poison", "cancelled", "late"] } },
          "lang": { "name": "lang", "in": "query", "description": "Wins over Accept-Language.",
            "schema": { "enum": ["zh", "en"] } },
          "job": { "name": "id", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } }
        },
        "requestBodies": {
          "Reason": { "content": { "application/x-www-form-urlencoded": {
              "schema": { "type": "object", "required": ["csrf", "reason"],
                "properties": { "csrf": { "type": "string" }, "reason": { "type": "string" } } } } } }
        },
        "responses": {
          "Page": { "description": "A page that says why not.", "content": { "text/html": {} } },
          "Problem": { "description": "A problem document (RFC 9457).", "content": { "application/problem+json": {} } }
        },
        "schemas": {
          "Sheet": {
            "type": "object", "description": "A report on prizes, gifts, stores, packs or draws.",
            "required": [
              "report", "definition_version", "brand_id", "from", "to", "time_zone", "as_of", "balanced", "figures", "balances",
              "by_product", "by_day", "metrics"
            ],
            "properties": {
              "report": { "enum": ["prizes", "gifts", "settlement", "packs", "draws", "funnel", "returns", "givers", "supply", "ratings"] },
              "balanced": { "type": "boolean", "description": "Whether every identity holds." },
              "figures": { "type": "object", "additionalProperties": { "type": "integer" } },
              "by_batch": { "type": "array", "description": "Of prizes and packs.", "items": { "type": "object" } },
              "by_shop": { "type": "array", "description": "Of settlement and ratings.", "items": { "type": "object" } },
              "by_region": { "type": "array", "description": "Of packs only: by the dealer who had the pack when it was redeemed, and `none`; empty where no case was shipped.", "items": { "type": "object" } },
              "by_campaign": { "type": "array", "description": "Of draws only, by the draw's code.", "items": { "type": "object" } },
              "by_entry": { "type": "array", "description": "Of gifts and funnel: where gifts are begun, and `unknown`.", "items": { "type": "object" } },
              "by_cohort": { "type": "array", "description": "Of funnel only: by the share of gift.rollout that first let the giver in, in parts per million.", "items": { "type": "object" } },
              "by_segment": { "type": "array", "description": "Of givers only: `top`, `high` and `mass`.", "items": { "type": "object" } },
              "by_category": { "type": "array", "description": "Of supply only; a product counts in all categories above it.", "items": { "type": "object" } },
              "by_keyword": { "type": "array", "description": "Of supply only; those that find nothing come first.", "items": { "type": "object" } },
              "by_refund_day": { "type": "array", "description": "Of returns only.", "items": { "type": "object" } },
              "by_product": { "type": "array", "description": "Empty for settlement and draws.", "items": { "type": "object" } },
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

/// The API of siyu-ingest, served at `/openapi.json`.
let openAPI = """
    {
      "openapi": "3.1.0",
      "info": { "title": "siyu-ingest", "version": "1", "description": "Imports of orders, and what WeChat Pay reports." },
      "paths": {
        "/v1/imports": {
          "post": {
            "summary": "Hands a file of orders in. The answer comes when the file is staged; a job loads it.",
            "security": [{ "key": [] }],
            "parameters": [
              { "$ref": "#/components/parameters/brand" },
              { "name": "shop", "in": "query", "required": true, "description": "The shop the orders were placed in.",
                "schema": { "type": "string", "format": "uuid" } },
              { "name": "format", "in": "query", "required": true, "schema": { "enum": ["cdnow", "csv"] } },
              { "name": "mode", "in": "query", "schema": { "enum": ["all_or_nothing", "skip_bad"],
                "default": "all_or_nothing" }, "description": "What happens if lines are refused." },
              { "name": "dry_run", "in": "query", "schema": { "enum": ["true", "false"], "default": "false" },
                "description": "Load nothing; count what would be loaded." },
              { "name": "Idempotency-Key", "in": "header", "required": true, "schema": { "type": "string",
                "maxLength": 255 }, "description": "The same one each time the request is repeated; kept for 7 days." }
            ],
            "requestBody": { "required": true, "description": "The file as it is, 64 MiB at most, within 50 seconds.",
              "content": { "text/plain": {}, "text/csv": {}, "application/octet-stream": {} } },
            "responses": {
              "202": { "description": "Staged.", "content": {
                "application/json": { "schema": { "$ref": "#/components/schemas/Import" } } } },
              "400": { "$ref": "#/components/responses/Problem" },
              "401": { "$ref": "#/components/responses/Problem" },
              "403": { "$ref": "#/components/responses/Problem" },
              "404": { "$ref": "#/components/responses/Problem" },
              "408": { "$ref": "#/components/responses/Problem" },
              "409": { "$ref": "#/components/responses/Problem" },
              "413": { "$ref": "#/components/responses/Problem" },
              "422": { "$ref": "#/components/responses/Problem" },
              "503": { "$ref": "#/components/responses/Problem" }
            }
          }
        },
        "/v1/imports/{id}": {
          "get": {
            "summary": "How far an import has come.",
            "security": [{ "key": [] }],
            "parameters": [{ "$ref": "#/components/parameters/id" }],
            "responses": {
              "200": { "description": "The import.", "content": {
                "application/json": { "schema": { "$ref": "#/components/schemas/Import" } } } },
              "401": { "$ref": "#/components/responses/Problem" },
              "404": { "$ref": "#/components/responses/Problem" }
            }
          }
        },
        "/v1/imports/{id}/refusals": {
          "get": {
            "summary": "All lines that were refused, with their numbers and reasons.",
            "security": [{ "key": [] }],
            "parameters": [{ "$ref": "#/components/parameters/id" }],
            "responses": {
              "200": { "description": "line,reason", "content": { "text/csv": {} } },
              "401": { "$ref": "#/components/responses/Problem" },
              "404": { "$ref": "#/components/responses/Problem" }
            }
          }
        },
        "/v1/orders": {
          "get": {
            "summary": "Orders of a shop, of a person, or of a person in a shop, newest first.",
            "security": [{ "key": [] }],
            "parameters": [
              { "$ref": "#/components/parameters/brand" },
              { "name": "shop", "in": "query", "schema": { "type": "string", "format": "uuid" } },
              { "name": "person", "in": "query", "schema": { "type": "string", "format": "uuid" } },
              { "name": "after", "in": "query", "schema": { "type": "string" },
                "description": "The next of the page before." },
              { "name": "limit", "in": "query",
                "schema": { "type": "integer", "minimum": 1, "maximum": 500, "default": 50 } }
            ],
            "responses": {
              "200": { "description": "A page; next is missing on the last one.", "content": {
                "application/json": { "schema": { "$ref": "#/components/schemas/OrderPage" } } } },
              "400": { "$ref": "#/components/responses/Problem" },
              "401": { "$ref": "#/components/responses/Problem" },
              "403": { "$ref": "#/components/responses/Problem" },
              "422": { "$ref": "#/components/responses/Problem" }
            }
          }
        },
        "/wechat/pay/{merchant}/notify": {
          "post": {
            "summary": "WeChat Pay reports a payment or a refund; its signature is the credential.",
            "security": [],
            "parameters": [
              { "name": "merchant", "in": "path", "required": true, "description": "The merchant's number (mchid).",
                "schema": { "type": "string" } },
              { "name": "Wechatpay-Timestamp", "in": "header", "required": true, "schema": { "type": "string" } },
              { "name": "Wechatpay-Nonce", "in": "header", "required": true, "schema": { "type": "string" } },
              { "name": "Wechatpay-Serial", "in": "header", "required": true, "schema": { "type": "string" } },
              { "name": "Wechatpay-Signature", "in": "header", "required": true, "schema": { "type": "string" } }
            ],
            "requestBody": { "required": true, "content": { "application/json": {} } },
            "responses": {
              "204": { "description": "Kept; what follows from it follows by itself." },
              "400": { "$ref": "#/components/responses/Fail" },
              "401": { "$ref": "#/components/responses/Fail" },
              "404": { "$ref": "#/components/responses/Fail" },
              "413": { "$ref": "#/components/responses/Fail" },
              "500": { "$ref": "#/components/responses/Fail" },
              "503": { "$ref": "#/components/responses/Fail" }
            }
          }
        }
      },
      "components": {
        "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } },
        "parameters": {
          "brand": { "name": "brand", "in": "query", "description": "The caller's brand, which is also the default.",
            "schema": { "type": "string", "format": "uuid" } },
          "id": { "name": "id", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } }
        },
        "responses": {
          "Fail": { "description": "Not taken, in WeChat Pay's own form; it will report again.", "content": {
            "application/json": { "schema": { "type": "object", "required": ["code", "message"],
              "properties": { "code": { "const": "FAIL" }, "message": { "type": "string" } } } } } },
          "Problem": { "description": "A problem document (RFC 9457).", "content": { "application/problem+json": {} } }
        },
        "schemas": {
          "Import": {
            "type": "object",
            "required": [
              "import_id", "job_id", "shop_id", "format", "mode", "dry_run", "state", "progress", "lines", "added",
              "changed", "unchanged", "refused", "created_at", "updated_at", "status_url", "refusals_url"
            ],
            "properties": {
              "import_id": { "type": "string", "format": "uuid" },
              "job_id": { "type": "string", "format": "uuid" },
              "shop_id": { "type": "string", "format": "uuid" },
              "format": { "type": "string" }, "mode": { "type": "string" }, "dry_run": { "type": "boolean" },
              "state": { "enum": ["accepted", "loading", "loaded", "refused", "checked"] },
              "progress": { "type": "number", "minimum": 0, "maximum": 1 },
              "lines": { "type": "integer" }, "added": { "type": "integer" }, "changed": { "type": "integer" },
              "unchanged": { "type": "integer" }, "refused": { "type": "integer" },
              "created_at": { "type": "string", "format": "date-time" },
              "updated_at": { "type": "string", "format": "date-time" },
              "status_url": { "type": "string" }, "refusals_url": { "type": "string" }
            }
          },
          "OrderPage": {
            "type": "object",
            "required": ["orders"],
            "properties": {
              "next": { "type": "string" },
              "orders": { "type": "array", "items": {
                "type": "object",
                "properties": {
                  "order_id": { "type": "string", "format": "uuid" },
                  "shop_id": { "type": "string", "format": "uuid" },
                  "person_id": { "type": "string", "format": "uuid" },
                  "source": { "type": "string" }, "order_no": { "type": "string" }, "version": { "type": "integer" },
                  "status": { "enum": ["paid", "completed", "cancelled"] },
                  "placed_at": { "type": "string", "format": "date-time" },
                  "quantity": { "type": "integer" }, "amount_fen": { "type": "integer" },
                  "changed_at": { "type": "string", "format": "date-time" }
                } } }
            }
          }
        }
      }
    }
    """

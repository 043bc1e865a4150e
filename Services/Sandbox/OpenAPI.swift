/// The API of siyu-sandbox, served at `/openapi.json`.
let openAPI = """
    {
      "openapi": "3.1.0",
      "info": { "title": "siyu-sandbox", "version": "1",
        "description": "Plays WeChat Pay API v3 and WeChat's codes (一物一碼), with faults on demand. Never in production." },
      "paths": {
        "/v3/pay/transactions/jsapi": {
          "post": { "summary": "Places an order.", "security": [{ "merchant": [] }], "responses": {
            "200": { "$ref": "#/components/responses/Signed" }, "4XX": { "$ref": "#/components/responses/Refused" } } }
        },
        "/v3/pay/transactions/out-trade-no/{no}": {
          "get": { "summary": "How a payment stands.", "security": [{ "merchant": [] }],
            "parameters": [{ "$ref": "#/components/parameters/no" },
              { "name": "mchid", "in": "query", "required": true, "schema": { "type": "string" } }],
            "responses": {
              "200": { "$ref": "#/components/responses/Signed" }, "4XX": { "$ref": "#/components/responses/Refused" } } }
        },
        "/v3/pay/transactions/out-trade-no/{no}/close": {
          "post": { "summary": "Closes an order that is not paid.", "security": [{ "merchant": [] }],
            "parameters": [{ "$ref": "#/components/parameters/no" }], "responses": {
              "204": { "$ref": "#/components/responses/Signed" }, "4XX": { "$ref": "#/components/responses/Refused" } } }
        },
        "/v3/refund/domestic/refunds": {
          "post": { "summary": "Accepts a refund, once per out_refund_no.", "security": [{ "merchant": [] }],
            "responses": {
              "200": { "$ref": "#/components/responses/Signed" }, "4XX": { "$ref": "#/components/responses/Refused" } } }
        },
        "/v3/refund/domestic/refunds/{no}": {
          "get": { "summary": "How a refund stands.", "security": [{ "merchant": [] }],
            "parameters": [{ "$ref": "#/components/parameters/no" }], "responses": {
              "200": { "$ref": "#/components/responses/Signed" }, "4XX": { "$ref": "#/components/responses/Refused" } } }
        },
        "/v3/fund-app/mch-transfer/transfer-bills": {
          "post": { "summary": "Gives somebody money, once per out_bill_no.", "security": [{ "merchant": [] }],
            "responses": {
              "200": { "$ref": "#/components/responses/Signed" }, "4XX": { "$ref": "#/components/responses/Refused" } } }
        },
        "/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{no}": {
          "get": { "summary": "How a transfer stands.", "security": [{ "merchant": [] }],
            "parameters": [{ "$ref": "#/components/parameters/no" }], "responses": {
              "200": { "$ref": "#/components/responses/Signed" }, "4XX": { "$ref": "#/components/responses/Refused" } } }
        },
        "/v3/bill/tradebill": {
          "get": { "summary": "Where the bill of what a day paid and refunded lies.", "security": [{ "merchant": [] }],
            "parameters": [{ "name": "bill_date", "in": "query", "required": true, "schema": { "type": "string" } },
              { "name": "bill_type", "in": "query", "schema": { "enum": ["ALL"] } },
              { "name": "tar_type", "in": "query", "schema": { "enum": ["GZIP"] } }],
            "responses": {
              "200": { "$ref": "#/components/responses/Signed" }, "4XX": { "$ref": "#/components/responses/Refused" } } }
        },
        "/v3/bill/fundflowbill": {
          "get": { "summary": "Where the bill of the money that came and went lies.", "security": [{ "merchant": [] }],
            "parameters": [{ "name": "bill_date", "in": "query", "required": true, "schema": { "type": "string" } },
              { "name": "account_type", "in": "query", "schema": { "enum": ["BASIC"] } },
              { "name": "tar_type", "in": "query", "schema": { "enum": ["GZIP"] } }],
            "responses": {
              "200": { "$ref": "#/components/responses/Signed" }, "4XX": { "$ref": "#/components/responses/Refused" } } }
        },
        "/v3/billdownload/file": {
          "get": { "summary": "A bill, for five minutes after it was asked for.", "security": [{ "merchant": [] }],
            "parameters": [{ "name": "token", "in": "query", "required": true, "schema": { "type": "string" } }],
            "responses": {
              "200": { "$ref": "#/components/responses/Signed" }, "4XX": { "$ref": "#/components/responses/Refused" } } }
        },
        "/v3/certificates": {
          "get": { "summary": "The platform certificate, encrypted.", "security": [{ "merchant": [] }], "responses": {
            "200": { "$ref": "#/components/responses/Signed" }, "4XX": { "$ref": "#/components/responses/Refused" } } }
        },
        "/connect/oauth2/authorize": {
          "get": { "summary": "Web login: sends whoever is at the browser back with a code.",
            "responses": { "302": { "description": "To redirect_uri, with code and state." },
              "400": { "$ref": "#/components/responses/Problem" } } }
        },
        "/sns/oauth2/access_token": {
          "get": { "summary": "Web login: exchanges a code for an openid, once; refusals are 200 with an errcode.",
            "responses": { "200": { "$ref": "#/components/responses/JSON" } } }
        },
        "/sandbox/visitor": {
          "put": { "summary": "Says who is at the browser from now on.",
            "requestBody": { "required": true, "content": { "application/json": { "schema": { "type": "object",
              "required": ["openid"], "properties": { "openid": { "type": "string" } } } } } },
            "responses": { "200": { "$ref": "#/components/responses/JSON" },
              "400": { "$ref": "#/components/responses/Problem" } } }
        },
        "/cgi-bin/stable_token": {
          "post": { "summary": "The access token of the service account.",
            "responses": { "200": { "$ref": "#/components/responses/Errcode" } } }
        },
        "/intp/marketcode/applycode": {
          "post": { "summary": "Applies for codes, once per isv_application_id.", "security": [{ "token": [] }],
            "responses": { "200": { "$ref": "#/components/responses/Errcode" } } }
        },
        "/intp/marketcode/applycodequery": {
          "post": { "summary": "How an application stands, and its packages.", "security": [{ "token": [] }],
            "responses": { "200": { "$ref": "#/components/responses/Errcode" } } }
        },
        "/intp/marketcode/applycodedownload": {
          "post": { "summary": "A package of codes, encrypted.", "security": [{ "token": [] }],
            "responses": { "200": { "$ref": "#/components/responses/Errcode" } } }
        },
        "/intp/marketcode/codeactive": {
          "post": { "summary": "Activates codes, once.", "security": [{ "token": [] }],
            "responses": { "200": { "$ref": "#/components/responses/Errcode" } } }
        },
        "/intp/marketcode/codeactivequery": {
          "post": { "summary": "What is known of the code at an index.", "security": [{ "token": [] }],
            "responses": { "200": { "$ref": "#/components/responses/Errcode" } } }
        },
        "/intp/marketcode/tickettocode": {
          "post": { "summary": "The code behind the ticket of a scan, for whoever scanned, for five minutes.", "security": [{ "token": [] }],
            "responses": { "200": { "$ref": "#/components/responses/Errcode" } } }
        },
        "/sandbox/codes/scan": {
          "post": { "summary": "Somebody scans an active code with WeChat: answers the ticket, and the code that stands behind it.",
            "requestBody": { "required": true, "content": { "application/json": { "schema": { "type": "object",
              "required": ["application_id", "index", "openid"],
              "properties": { "application_id": { "type": "integer" }, "index": { "type": "integer" },
                "openid": { "type": "string" } } } } } },
            "responses": { "200": { "$ref": "#/components/responses/JSON" },
              "400": { "$ref": "#/components/responses/Problem" }, "409": { "$ref": "#/components/responses/Problem" } } }
        },
        "/sandbox/tokens/expire": {
          "post": { "summary": "Takes the access token away: the next call is refused with 40001.",
            "responses": { "200": { "$ref": "#/components/responses/JSON" } } }
        },
        "/sandbox/pay": {
          "post": { "summary": "The shopper pays; again changes nothing.",
            "requestBody": { "required": true, "content": { "application/json": { "schema": { "type": "object",
              "properties": { "prepay_id": { "type": "string" }, "out_trade_no": { "type": "string" },
                "openid": { "type": "string", "description": "Must be the order's, if it is given." } } } } } },
            "responses": { "200": { "$ref": "#/components/responses/JSON" },
              "404": { "$ref": "#/components/responses/Problem" }, "409": { "$ref": "#/components/responses/Problem" },
              "422": { "$ref": "#/components/responses/Problem" } } }
        },
        "/sandbox/transfers/{no}/confirm": {
          "post": { "summary": "Whoever is to get the money takes it; again changes nothing.",
            "parameters": [{ "$ref": "#/components/parameters/no" }], "responses": {
              "200": { "$ref": "#/components/responses/JSON" }, "404": { "$ref": "#/components/responses/Problem" },
              "409": { "$ref": "#/components/responses/Problem" } } }
        },
        "/sandbox/refunds/{no}/deliver": {
          "post": { "summary": "Somebody sees to it that an abnormal refund arrives; again changes nothing.",
            "parameters": [{ "$ref": "#/components/parameters/no" }], "responses": {
              "200": { "$ref": "#/components/responses/JSON" }, "404": { "$ref": "#/components/responses/Problem" },
              "409": { "$ref": "#/components/responses/Problem" } } }
        },
        "/sandbox/clock": {
          "post": { "summary": "Moves the book's time forward: refunds and transfers end, notifications become due.",
            "requestBody": { "required": true, "content": { "application/json": { "schema": { "type": "object",
              "required": ["advance_seconds"],
              "properties": { "advance_seconds": { "type": "number", "exclusiveMinimum": 0, "maximum": 31622400 } } } } } },
            "responses": { "200": { "$ref": "#/components/responses/JSON" },
              "400": { "$ref": "#/components/responses/Problem" },
              "422": { "$ref": "#/components/responses/Problem" } } }
        },
        "/sandbox/book": {
          "get": { "summary": "What the book counts: orders, payments, refunds, payouts, transfers, notifications, faults.",
            "responses": { "200": { "$ref": "#/components/responses/JSON" } } }
        },
        "/sandbox/book/{no}": {
          "get": { "summary": "One payment with its refunds.",
            "parameters": [{ "$ref": "#/components/parameters/no" }], "responses": {
              "200": { "$ref": "#/components/responses/JSON" }, "404": { "$ref": "#/components/responses/Problem" } } }
        },
        "/sandbox/faults": {
          "get": { "summary": "What goes wrong, and how often.",
            "responses": { "200": { "$ref": "#/components/responses/JSON" } } },
          "put": { "summary": "Says what goes wrong from now on; what is left out does not.",
            "requestBody": { "required": true, "content": { "application/json": { "schema": { "type": "object",
              "properties": {
                "seed": { "type": "integer" },
                "operations": { "type": "array", "items": {
                  "enum": ["prepay", "payment_query", "close", "refund", "refund_query", "transfer", "transfer_query", "token",
                    "code_apply", "code_apply_query", "code_download", "code_activate", "code_active_query", "code_ticket"] } },
                "hold_ms": { "type": "integer", "default": 6000 }, "late_ms": { "type": "integer", "default": 3000 },
                "retries": { "enum": ["quick", "wechat"], "default": "quick" },
                "rates": { "type": "object", "additionalProperties": false, "properties": {
                  "time_out_after_work": { "type": "number" }, "server_error": { "type": "number" },
                  "refuse": { "type": "number" }, "duplicate_notification": { "type": "number" },
                  "late_notification": { "type": "number" }, "lost_notification": { "type": "number" },
                  "closed_refund": { "type": "number" }, "abnormal_refund": { "type": "number" },
                  "signature_probe": { "type": "number" } } } } } } } },
            "responses": { "200": { "$ref": "#/components/responses/JSON" },
              "400": { "$ref": "#/components/responses/Problem" },
              "422": { "$ref": "#/components/responses/Problem" } } }
        }
      },
      "components": {
        "securitySchemes": { "merchant": { "type": "http", "scheme": "WECHATPAY2-SHA256-RSA2048" },
          "token": { "type": "apiKey", "in": "query", "name": "access_token" } },
        "parameters": { "no": { "name": "no", "in": "path", "required": true, "schema": { "type": "string" } } },
        "responses": {
          "JSON": { "description": "JSON.", "content": { "application/json": {} } },
          "Errcode": { "description": "As api.weixin.qq.com answers: a refusal is an errcode other than 0.",
            "content": { "application/json": {} } },
          "Signed": { "description": "As WeChat Pay answers, with its signature.",
            "content": { "application/json": {} } },
          "Refused": { "description": "{code, message}, not signed.", "content": { "application/json": {} } },
          "Problem": { "description": "A problem document (RFC 9457).", "content": { "application/problem+json": {} } }
        }
      }
    }
    """

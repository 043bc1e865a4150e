/// The paths of gifts of money.
let cashPaths = """
        "/v1/cash-gifts": {
          "post": {
            "summary": "Begins a gift of money, 1 to 200 yuan: paid for by its giver, paid out to its recipient, or given back after a day.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": {"application/json": {"schema": {
                "type": "object",
                "required": ["openid", "recipient_openids", "shop_id", "amount_fen"],
                "properties": {
                  "openid": {"$ref": "#/components/schemas/OpenID"},
                  "recipient_openids": {
                    "type": "array", "items": {"$ref": "#/components/schemas/OpenID"}, "minItems": 1, "maxItems": 1
                  },
                  "shop_id": {"type": "string", "format": "uuid"},
                  "amount_fen": {"type": "integer", "minimum": 1}
                }
              }}}
            },
            "responses": {
              "201": {
                "description": "The gift, to be paid for until `pay_until`.",
                "content": \(document("CashGift"))
              },
              \(problems(400, 401, 403, 404, 409, 413, 415, 422, 503))
            }
          }
        },
        "/v1/cash-gifts/{id}": {
          "get": {
            "summary": "A gift of money as its giver or its recipient sees it; both know how much it is.",
            "security": [{"key": []}],
            "parameters": [
              {"$ref": "#/components/parameters/id"},
              {"name": "openid", "in": "query", "required": true, "schema": {"$ref": "#/components/schemas/OpenID"}}
            ],
            "responses": {
              "200": {
                "description": "What the recipient needs to take the money is in `/v1/payouts/{id}`, by the same id.",
                "content": \(document("CashGift"))
              },
              \(problems(401, 403, 422, 503))
            }
          }
        },
        "/v1/cash-gifts/{id}/pay": {
          "post": {
            "summary": "Has WeChat Pay ask the giver for the money.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": {"application/json": {"schema": {
                "type": "object", "required": ["openid"],
                "properties": {"openid": {"$ref": "#/components/schemas/OpenID"}}
              }}}
            },
            "responses": {
              "200": {
                "description": "What the giver's mini program needs.",
                "content": \(document("CashPayment"))
              },
              \(problems(400, 401, 403, 409, 413, 415, 422, 503))
            }
          }
        },
        "/v1/cash-gifts/{id}/accept": {
          "post": {
            "summary": "The recipient takes the money: it is paid out at once, at night at eight in the morning.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": {"application/json": {"schema": {
                "type": "object", "required": ["openid"],
                "properties": {"openid": {"$ref": "#/components/schemas/OpenID"}}
              }}}
            },
            "responses": {
              "200": {
                "description": "The gift, as its recipient sees it.",
                "content": \(document("CashGift"))
              },
              \(problems(400, 401, 403, 409, 413, 415, 410, 503))
            }
          }
        },
        "/v1/cash-gifts/{id}/decline": {
          "post": {
            "summary": "The recipient does not take it: it goes back to its giver.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": {"application/json": {"schema": {
                "type": "object", "required": ["openid"],
                "properties": {"openid": {"$ref": "#/components/schemas/OpenID"}}
              }}}
            },
            "responses": {
              "200": {
                "description": "The gift, as its recipient sees it.",
                "content": \(document("CashGift"))
              },
              \(problems(400, 401, 403, 409, 413, 415, 410, 503))
            }
          }
        },
    """

/// The schemas of gifts of money.
let cashSchemas = """
          "CashGift": {
            "type": "object",
            "required": ["cash_gift_id", "role", "state", "shop_id", "amount_fen"],
            "properties": {
              "cash_gift_id": {"type": "string", "format": "uuid"},
              "role": {"enum": ["sender", "recipient"]},
              "state": {"enum": [
                "created", "sent", "accepted", "paid_out", "declined", "expired", "failed", "cancelled"
              ]},
              "shop_id": {"type": "string", "format": "uuid"},
              "amount_fen": {"type": "integer"},
              "payment_id": {"type": "string", "format": "uuid", "description": "For the giver alone, as all of payment and refund."},
              "pay_until": {"type": "string", "format": "date-time"},
              "sent_at": {"type": "string", "format": "date-time"},
              "accept_until": {"type": "string", "format": "date-time", "description": "The last instant at which it can be taken."},
              "accepted_at": {"type": "string", "format": "date-time"},
              "ended_at": {"type": "string", "format": "date-time"},
              "refund_id": {"type": "string", "format": "uuid"},
              "refunded_at": {"type": "string", "format": "date-time"},
              "created_at": {"type": "string", "format": "date-time"}
            }
          },
          "CashPayment": {
            "type": "object",
            "required": ["cash_gift_id", "payment_id", "payment"],
            "properties": {
              "cash_gift_id": {"type": "string", "format": "uuid"},
              "payment_id": {"type": "string", "format": "uuid"},
              "payment": {"type": "object", "description": "For `wx.requestPayment`, as it is.", "additionalProperties": {"type": "string"}}
            }
          },
    """

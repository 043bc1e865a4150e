/// The paths of what is printed and accounted for.
let slipPaths = """
        "/v1/gifts/{id}/packing-slip": {
          "get": {
            "summary": "What is packed with an accepted gift; never a price. Needs a staff, store or provider key.",
            "description": "The address is masked, except for providers, who bring the parcel.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "responses": {
              "200": {
                "description": "The slip.",
                "content": {
                  "application/json": {
                    "schema": {
                      "type": "object",
                      "additionalProperties": false,
                      "required": ["gift_id", "shop_id", "product", "variant", "variant_id", "quantity", "recipient"],
                      "properties": {
                        "gift_id": {"type": "string", "format": "uuid"},
                        "shop_id": {"type": "string", "format": "uuid"},
                        "product": {"type": "string"},
                        "variant": {"type": "string"},
                        "variant_id": {"type": "string", "format": "uuid"},
                        "quantity": {"type": "integer", "minimum": 1},
                        "greeting": {"type": "string"},
                        "accepted_at": {"type": "string", "format": "date-time"},
                        "recipient": {
                          "type": "object",
                          "required": ["name", "phone", "province", "city", "district", "detail"],
                          "properties": {
                            "name": {"type": "string"}, "phone": {"type": "string"}, "province": {"type": "string"},
                            "city": {"type": "string"}, "district": {"type": "string"}, "detail": {"type": "string"}
                          }
                        }
                      }
                    }
                  }
                }
              },
              \(problems(401, 403, 404, 409, 410))
            }
          }
        },
        "/v1/gifts/{id}/money": {
          "get": {
            "summary": "The money of a gift; nobody's name or address. Needs a staff, finance or auditor key.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "responses": {
              "200": {
                "description": "What was paid, and what went back.",
                "content": {
                  "application/json": {
                    "schema": {
                      "type": "object",
                      "additionalProperties": false,
                      "required": ["gift_id", "shop_id", "state"],
                      "properties": {
                        "gift_id": {"type": "string", "format": "uuid"},
                        "shop_id": {"type": "string", "format": "uuid"},
                        "state": {"type": "string"},
                        "price_fen": {"type": "integer"},
                        "payment_id": {"type": "string", "format": "uuid"},
                        "order_id": {"type": "string", "format": "uuid"},
                        "refund_id": {"type": "string", "format": "uuid"},
                        "sent_at": {"type": "string", "format": "date-time"},
                        "ended_at": {"type": "string", "format": "date-time"},
                        "refunded_at": {"type": "string", "format": "date-time"},
                        "withdrawn_at": {"type": "string", "format": "date-time"}
                      }
                    }
                  }
                }
              },
              \(problems(401, 403, 404))
            }
          }
        },
    """

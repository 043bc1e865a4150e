/// The paths of what shops guarantee.
let guaranteePaths = """
        "/v1/hooks/{source}/shipments": {
          "post": {
            "summary": "The shop has shipped an accepted gift. Signed as Standard Webhooks has it, by a source for `shipments`; again changes nothing.",
            "description": "For gifts of shops that guarantee what they sell; to a source of a single shop the gifts of others are unknown.",
            "parameters": [{"name": "source", "in": "path", "required": true, "schema": {"type": "string"}}],
            "requestBody": {
              "required": true,
              "content": {
                "application/json": {
                  "schema": {
                    "type": "object",
                    "required": ["gift_id", "carrier", "waybill", "shipped_at"],
                    "properties": {
                      "gift_id": {"type": "string", "format": "uuid"},
                      "carrier": {"type": "string", "pattern": "^[0-9A-Za-z_-]{2,20}$"},
                      "waybill": {"type": "string", "pattern": "^[0-9A-Za-z_-]{5,40}$"},
                      "shipped_at": {"type": "string", "format": "date-time", "description": "When the carrier took it."}
                    }
                  }
                }
              }
            },
            "responses": {
              "200": {
                "description": "It is written down; the first word about a gift counts.",
                "content": {
                  "application/json": {
                    "schema": {
                      "type": "object",
                      "additionalProperties": false,
                      "required": ["gift_id", "shipped_at", "ship_by", "is_in_time"],
                      "properties": {
                        "gift_id": {"type": "string", "format": "uuid"},
                        "shipped_at": {"type": "string", "format": "date-time"},
                        "ship_by": {"type": "string", "format": "date-time", "description": "The last instant in time."},
                        "is_in_time": {"type": "boolean"}
                      }
                    }
                  }
                }
              },
              "400": {"$ref": "#/components/responses/Problem"},
              "401": {"$ref": "#/components/responses/Problem"},
              "403": {
                "description": "purpose_missing: signed by the source, whose secret is for other hooks; whoever runs the installation may add the purpose.",
                "content": {"application/problem+json": {}}
              },
              "404": {
                "description": "No such gift, one of another shop, or one that nothing is guaranteed for.",
                "content": {"application/problem+json": {}}
              },
              "409": {
                "description": "gift_not_to_be_packed: it was not accepted, or its shop took it back; idempotency_mismatch.",
                "content": {"application/problem+json": {}}
              },
              "413": {"$ref": "#/components/responses/Problem"},
              "422": {"$ref": "#/components/responses/Problem"},
              "503": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/gifts/{id}/guarantee": {
          "get": {
            "summary": "What the shop guarantees for a gift, and all that is known of it. Needs a staff, finance or auditor key.",
            "description": "It begins when the time to accept the gift is over, or with its shipment. Who gets the compensation is the giver.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "responses": {
              "200": {
                "description": "The guarantee with its trail of evidence, as we heard of it.",
                "content": {
                  "application/json": {
                    "schema": {
                      "type": "object",
                      "additionalProperties": false,
                      "required": ["gift_id", "order_id", "shop_id", "amount_fen", "compensation_fen", "ship_by", "trail"],
                      "properties": {
                        "gift_id": {"type": "string", "format": "uuid"},
                        "order_id": {"type": "string", "format": "uuid"},
                        "shop_id": {"type": "string", "format": "uuid"},
                        "amount_fen": {"type": "integer", "minimum": 0},
                        "compensation_fen": {"type": "integer", "minimum": 0, "description": "What a breach costs, once."},
                        "ship_by": {"type": "string", "format": "date-time"},
                        "shipped_at": {"type": "string", "format": "date-time"},
                        "refund_asked_at": {"type": "string", "format": "date-time"},
                        "refund_by": {"type": "string", "format": "date-time"},
                        "refunded_at": {"type": "string", "format": "date-time"},
                        "compensated_at": {"type": "string", "format": "date-time"},
                        "trail": {
                          "type": "array",
                          "items": {
                            "type": "object",
                            "additionalProperties": false,
                            "required": ["fact", "happened_at", "recorded_at"],
                            "properties": {
                              "fact": {"enum": ["opened", "shipped", "ship_late", "refund_asked", "refunded", "refund_late", "compensated"]},
                              "happened_at": {"type": "string", "format": "date-time"},
                              "evidence": {"type": "string", "description": "The number by which it can be looked up elsewhere."},
                              "recorded_at": {"type": "string", "format": "date-time"}
                            }
                          }
                        }
                      }
                    }
                  }
                }
              },
              "401": {"$ref": "#/components/responses/Problem"},
              "403": {"$ref": "#/components/responses/Problem"},
              "404": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
    """

/// The API of siyu-gifts, served at `/openapi.json`.
let openAPI = """
    {
      "openapi": "3.1.0",
      "info": {
        "title": "siyu-gifts",
        "version": "1",
        "description": "Gifts from friend to friend, refunded when nobody takes them."
      },
      "paths": {
        "/v1/gifts": {
          "post": {
            "summary": "Begins a gift: who gives what to whom. Exactly one recipient, who is not the giver.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": {
                "application/json": {
                  "schema": {
                    "$ref": "#/components/schemas/Create"
                  }
                }
              }
            },
            "responses": {
              "201": {
                "description": "The gift, as its giver sees it.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SenderView"}}}
              },
              "400": {"$ref": "#/components/responses/Problem"},
              "401": {"$ref": "#/components/responses/Problem"},
              "403": {"$ref": "#/components/responses/Problem"},
              "409": {"$ref": "#/components/responses/Problem"},
              "413": {"$ref": "#/components/responses/Problem"},
              "415": {"$ref": "#/components/responses/Problem"},
              "503": {"$ref": "#/components/responses/Problem"},
              "422": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/gifts/{id}": {
          "get": {
            "summary": "The gift as the person who asks may see it: the view follows from who they are in it.",
            "security": [{"key": []}],
            "parameters": [
              {"$ref": "#/components/parameters/id"},
              {"name": "openid", "in": "query", "required": true, "schema": {"$ref": "#/components/schemas/OpenID"}}
            ],
            "responses": {
              "200": {
                "description": "For its giver, or for its recipient.",
                "content": {
                  "application/json": {
                    "schema": {
                      "oneOf": [
                        {"$ref": "#/components/schemas/SenderView"},
                        {"$ref": "#/components/schemas/RecipientView"}
                      ]
                    }
                  }
                }
              },
              "401": {"$ref": "#/components/responses/Problem"},
              "403": {"$ref": "#/components/responses/Problem"},
              "409": {"$ref": "#/components/responses/Problem"},
              "422": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/gifts/{id}/quote": {
          "post": {
            "summary": "Shows the giver the price and captures it; again until the gift is paid for.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": {
                "application/json": {
                  "schema": {
                    "$ref": "#/components/schemas/Person"
                  }
                }
              }
            },
            "responses": {
              "200": {
                "description": "The gift with its price.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SenderView"}}}
              },
              "400": {"$ref": "#/components/responses/Problem"},
              "401": {"$ref": "#/components/responses/Problem"},
              "403": {"$ref": "#/components/responses/Problem"},
              "409": {"$ref": "#/components/responses/Problem"},
              "413": {"$ref": "#/components/responses/Problem"},
              "415": {"$ref": "#/components/responses/Problem"},
              "503": {"$ref": "#/components/responses/Problem"},
              "422": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/gifts/{id}/pay": {
          "post": {
            "summary": "Keeps one piece in stock and asks for the money; again, it gives the same payment.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": {
                "application/json": {
                  "schema": {
                    "$ref": "#/components/schemas/Person"
                  }
                }
              }
            },
            "responses": {
              "200": {
                "description": "What the mini program needs.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Payment"}}}
              },
              "400": {"$ref": "#/components/responses/Problem"},
              "401": {"$ref": "#/components/responses/Problem"},
              "403": {"$ref": "#/components/responses/Problem"},
              "409": {"$ref": "#/components/responses/Problem"},
              "413": {"$ref": "#/components/responses/Problem"},
              "415": {"$ref": "#/components/responses/Problem"},
              "503": {"$ref": "#/components/responses/Problem"},
              "422": {"$ref": "#/components/responses/Problem"},
              "502": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/gifts/{id}/cancel": {
          "post": {
            "summary": "Calls the gift off before it is sent. A sent gift cannot be cancelled.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": {
                "application/json": {
                  "schema": {
                    "$ref": "#/components/schemas/Person"
                  }
                }
              }
            },
            "responses": {
              "200": {
                "description": "The gift, cancelled.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SenderView"}}}
              },
              "400": {"$ref": "#/components/responses/Problem"},
              "401": {"$ref": "#/components/responses/Problem"},
              "403": {"$ref": "#/components/responses/Problem"},
              "409": {"$ref": "#/components/responses/Problem"},
              "413": {"$ref": "#/components/responses/Problem"},
              "415": {"$ref": "#/components/responses/Problem"},
              "503": {"$ref": "#/components/responses/Problem"},
              "423": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/gifts/{id}/claim": {
          "post": {
            "summary": "Opens the gift for its recipient.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": {
                "application/json": {
                  "schema": {
                    "$ref": "#/components/schemas/Person"
                  }
                }
              }
            },
            "responses": {
              "200": {
                "description": "The gift, as its recipient sees it.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RecipientView"}}}
              },
              "400": {"$ref": "#/components/responses/Problem"},
              "401": {"$ref": "#/components/responses/Problem"},
              "403": {"$ref": "#/components/responses/Problem"},
              "409": {"$ref": "#/components/responses/Problem"},
              "413": {"$ref": "#/components/responses/Problem"},
              "415": {"$ref": "#/components/responses/Problem"},
              "503": {"$ref": "#/components/responses/Problem"},
              "410": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/gifts/{id}/address": {
          "put": {
            "summary": "Says where the gift goes. Only the recipient can, and nobody reads it back here.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/AddressOfPerson"}}}
            },
            "responses": {
              "200": {
                "description": "The gift; of the address only that there is one.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RecipientView"}}}
              },
              "400": {"$ref": "#/components/responses/Problem"},
              "401": {"$ref": "#/components/responses/Problem"},
              "403": {"$ref": "#/components/responses/Problem"},
              "409": {"$ref": "#/components/responses/Problem"},
              "413": {"$ref": "#/components/responses/Problem"},
              "415": {"$ref": "#/components/responses/Problem"},
              "503": {"$ref": "#/components/responses/Problem"},
              "410": {"$ref": "#/components/responses/Problem"},
              "422": {"$ref": "#/components/responses/Problem"},
              "423": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/gifts/{id}/swap": {
          "post": {
            "summary": "Chooses another of the gift's choices instead.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": {
                "application/json": {
                  "schema": {
                    "$ref": "#/components/schemas/Swap"
                  }
                }
              }
            },
            "responses": {
              "200": {
                "description": "The gift, exchanged.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RecipientView"}}}
              },
              "400": {"$ref": "#/components/responses/Problem"},
              "401": {"$ref": "#/components/responses/Problem"},
              "403": {"$ref": "#/components/responses/Problem"},
              "409": {"$ref": "#/components/responses/Problem"},
              "413": {"$ref": "#/components/responses/Problem"},
              "415": {"$ref": "#/components/responses/Problem"},
              "503": {"$ref": "#/components/responses/Problem"},
              "410": {"$ref": "#/components/responses/Problem"},
              "422": {"$ref": "#/components/responses/Problem"},
              "423": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/gifts/{id}/accept": {
          "post": {
            "summary": "Takes the gift; it needs an address first.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": {
                "application/json": {
                  "schema": {
                    "$ref": "#/components/schemas/Person"
                  }
                }
              }
            },
            "responses": {
              "200": {
                "description": "The gift, accepted.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RecipientView"}}}
              },
              "400": {"$ref": "#/components/responses/Problem"},
              "401": {"$ref": "#/components/responses/Problem"},
              "403": {"$ref": "#/components/responses/Problem"},
              "409": {"$ref": "#/components/responses/Problem"},
              "413": {"$ref": "#/components/responses/Problem"},
              "415": {"$ref": "#/components/responses/Problem"},
              "503": {"$ref": "#/components/responses/Problem"},
              "410": {"$ref": "#/components/responses/Problem"},
              "422": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/gifts/{id}/decline": {
          "post": {
            "summary": "Sends the gift back; its giver is refunded.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": {
                "application/json": {
                  "schema": {
                    "$ref": "#/components/schemas/Person"
                  }
                }
              }
            },
            "responses": {
              "200": {
                "description": "The gift, declined.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RecipientView"}}}
              },
              "400": {"$ref": "#/components/responses/Problem"},
              "401": {"$ref": "#/components/responses/Problem"},
              "403": {"$ref": "#/components/responses/Problem"},
              "409": {"$ref": "#/components/responses/Problem"},
              "413": {"$ref": "#/components/responses/Problem"},
              "415": {"$ref": "#/components/responses/Problem"},
              "503": {"$ref": "#/components/responses/Problem"},
              "410": {"$ref": "#/components/responses/Problem"},
              "423": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/payouts/{id}": {
          "get": {
            "summary": "Cash that a redemption won: how its payment stands, and what the winner's mini program needs to take it.",
            "security": [{"key": []}],
            "parameters": [
              {"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"},
               "description": "The redemption."},
              {"name": "openid", "in": "query", "required": true, "schema": {"$ref": "#/components/schemas/OpenID"}}
            ],
            "responses": {
              "200": {
                "description": "For the winner alone.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Payout"}}}
              },
              "401": {"$ref": "#/components/responses/Problem"},
              "403": {"$ref": "#/components/responses/Problem"},
              "404": {"$ref": "#/components/responses/Problem"},
              "422": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/gifts/{id}/transfer": {
          "post": {
            "summary": "Always refused: a gift is for its recipient and cannot be passed on.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": {
                "application/json": {
                  "schema": {
                    "$ref": "#/components/schemas/Person"
                  }
                }
              }
            },
            "responses": {
              "400": {"$ref": "#/components/responses/Problem"},
              "401": {"$ref": "#/components/responses/Problem"},
              "403": {"$ref": "#/components/responses/Problem"},
              "409": {"$ref": "#/components/responses/Problem"},
              "413": {"$ref": "#/components/responses/Problem"},
              "415": {"$ref": "#/components/responses/Problem"},
              "503": {"$ref": "#/components/responses/Problem"}
            }
          }
        }
      },
      "components": {
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        "parameters": {
          "id": {"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}},
          "key": {
            "name": "Idempotency-Key",
            "in": "header",
            "required": true,
            "schema": {"type": "string", "maxLength": 255},
            "description": "The same one each time the request is repeated; kept for 7 days."
          }
        },
        "responses": {
          "Problem": {
            "description": "A problem document (RFC 9457).",
            "content": {
              "application/problem+json": {

              }
            }
          }
        },
        "schemas": {
          "Payout": {
            "type": "object",
            "required": ["redemption_id", "payout_id", "attempt", "state", "amount_fen", "requested_at"],
            "properties": {
              "redemption_id": {"type": "string", "format": "uuid"},
              "payout_id": {"type": "string", "format": "uuid"},
              "attempt": {"type": "integer", "minimum": 1},
              "state": {"enum": [
                "requested", "sent", "unknown", "processing", "waiting", "succeeded", "refused", "failed"
              ]},
              "amount_fen": {"type": "integer"},
              "requested_at": {"type": "string", "format": "date-time"},
              "finished_at": {"type": "string", "format": "date-time"},
              "confirm_until": {"type": "string", "format": "date-time"},
              "confirmation": {
                "type": "object",
                "description": "For wx.requestMerchantTransfer, while the state is waiting.",
                "properties": {
                  "mchId": {"type": "string"}, "appId": {"type": "string"}, "package": {"type": "string"}
                }
              }
            }
          },
          "OpenID": {
            "type": "string",
            "minLength": 1,
            "maxLength": 128,
            "description": "The person in the partner's mini program, of whom the partner says that it is them."
          },
          "Person": {
            "type": "object",
            "required": ["openid"],
            "properties": {"openid": {"$ref": "#/components/schemas/OpenID"}}
          },
          "Create": {
            "type": "object",
            "required": ["openid", "recipient_openids", "shop_id", "variant_id"],
            "properties": {
              "openid": {"$ref": "#/components/schemas/OpenID"},
              "recipient_openids": {
                "type": "array",
                "minItems": 1,
                "maxItems": 1,
                "items": {
                  "$ref": "#/components/schemas/OpenID"
                }
              },
              "shop_id": {"type": "string", "format": "uuid"},
              "variant_id": {"type": "string", "format": "uuid"},
              "greeting": {"type": "string", "maxLength": 100}
            }
          },
          "Swap": {
            "type": "object",
            "required": ["openid", "variant_id"],
            "properties": {
              "openid": {
                "$ref": "#/components/schemas/OpenID"
              },
              "variant_id": {
                "type": "string",
                "format": "uuid"
              }
            }
          },
          "AddressOfPerson": {
            "type": "object",
            "required": ["openid", "address"],
            "properties": {
              "openid": {"$ref": "#/components/schemas/OpenID"},
              "address": {
                "type": "object",
                "required": ["name", "phone", "province", "city", "district", "detail"],
                "properties": {
                  "name": {"type": "string", "maxLength": 200},
                  "phone": {"type": "string", "maxLength": 200},
                  "province": {"type": "string", "maxLength": 200},
                  "city": {"type": "string", "maxLength": 200},
                  "district": {"type": "string", "maxLength": 200},
                  "detail": {"type": "string", "maxLength": 200}
                }
              }
            }
          },
          "Payment": {
            "type": "object",
            "required": ["gift_id", "payment_id", "payment"],
            "properties": {
              "gift_id": {"type": "string", "format": "uuid"},
              "payment_id": {"type": "string", "format": "uuid"},
              "payment": {
                "type": "object",
                "description": "For wx.requestPayment, as it is.",
                "required": ["appId", "timeStamp", "nonceStr", "package", "signType", "paySign"],
                "properties": {
                  "appId": {"type": "string"},
                  "timeStamp": {"type": "string"},
                  "nonceStr": {"type": "string"},
                  "package": {"type": "string"},
                  "signType": {"type": "string"},
                  "paySign": {"type": "string"}
                }
              }
            }
          },
          "SenderView": {
            "type": "object",
            "required": [
              "gift_id",
              "role",
              "state",
              "shop_id",
              "product_id",
              "variant_id",
              "variant_title",
              "created_at"
            ],
            "properties": {
              "gift_id": {"type": "string", "format": "uuid"},
              "role": {"const": "sender"},
              "state": {
                "enum": [
                  "draft",
                  "quoted",
                  "paying",
                  "sent",
                  "claimed",
                  "accepted",
                  "expired",
                  "declined",
                  "cancelled"
                ]
              },
              "shop_id": {"type": "string", "format": "uuid"},
              "product_id": {"type": "string", "format": "uuid"},
              "variant_id": {"type": "string", "format": "uuid"},
              "variant_title": {"type": "string"},
              "greeting": {"type": "string"},
              "price_fen": {"type": "integer"},
              "pay_until": {"type": "string", "format": "date-time"},
              "payment_id": {"type": "string", "format": "uuid"},
              "order_id": {"type": "string", "format": "uuid"},
              "sent_at": {"type": "string", "format": "date-time"},
              "accept_until": {"type": "string", "format": "date-time"},
              "claimed_at": {"type": "string", "format": "date-time"},
              "accepted_at": {"type": "string", "format": "date-time"},
              "locked_until": {"type": "string", "format": "date-time"},
              "ended_at": {"type": "string", "format": "date-time"},
              "refund": {
                "type": "object",
                "required": ["refund_id", "amount_fen"],
                "properties": {
                  "refund_id": {"type": "string", "format": "uuid"},
                  "amount_fen": {"type": "integer"},
                  "refunded_at": {"type": "string", "format": "date-time"}
                }
              },
              "created_at": {"type": "string", "format": "date-time"}
            }
          },
          "RecipientView": {
            "type": "object",
            "required": [
              "gift_id",
              "role",
              "state",
              "shop_id",
              "product_id",
              "variant_id",
              "variant_title",
              "choices",
              "address_given"
            ],
            "properties": {
              "gift_id": {"type": "string", "format": "uuid"},
              "role": {"const": "recipient"},
              "state": {"enum": ["sent", "claimed", "accepted", "expired", "declined"]},
              "shop_id": {"type": "string", "format": "uuid"},
              "product_id": {"type": "string", "format": "uuid"},
              "variant_id": {"type": "string", "format": "uuid"},
              "variant_title": {"type": "string"},
              "greeting": {"type": "string"},
              "choices": {
                "type": "array",
                "items": {
                  "type": "object",
                  "required": ["variant_id", "title", "in_stock"],
                  "properties": {
                    "variant_id": {"type": "string", "format": "uuid"},
                    "title": {"type": "string"},
                    "in_stock": {"type": "boolean"}
                  }
                }
              },
              "address_given": {"type": "boolean"},
              "sent_at": {"type": "string", "format": "date-time"},
              "accept_until": {"type": "string", "format": "date-time"},
              "claimed_at": {"type": "string", "format": "date-time"},
              "accepted_at": {"type": "string", "format": "date-time"},
              "locked_until": {"type": "string", "format": "date-time"},
              "ended_at": {"type": "string", "format": "date-time"},
              "money": {"const": "refunded_to_giver"}
            }
          }
        }
      }
    }
    """

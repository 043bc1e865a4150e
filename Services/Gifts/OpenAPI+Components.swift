/// The refusals of an operation, as members of its `responses`: problem documents, by their statuses.
func problems(_ statuses: Int...) -> String {
    statuses.map { ##""\##($0)": {"$ref": "#/components/responses/Problem"}"## }.joined(separator: ", ")
}

/// The `content` of a JSON document of one of the schemas.
func document(_ schema: String) -> String {
    ##"{"application/json": {"schema": {"$ref": "#/components/schemas/\##(schema)"}}}"##
}

/// What the paths of the API refer to.
let components = """
      "components": {
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        "parameters": {
          "id": {"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}},
          "token": {
            "name": "token", "in": "path", "required": true, "schema": {"type": "string"},
            "description": "From `page` of the giver's view. It gives nothing to anybody but the recipient."
          },
          "lang": {"name": "lang", "in": "query", "schema": {"enum": ["zh", "en"]}},
          "key": {
            "name": "Idempotency-Key",
            "in": "header",
            "required": true,
            "schema": {"type": "string", "maxLength": 255},
            "description": "The same one each time the request is repeated; kept for 7 days."
          }
        },
        "requestBodies": {
          "Form": {
            "required": true,
            "content": {"application/x-www-form-urlencoded": {"schema": {
              "type": "object", "required": ["csrf"], "properties": {"csrf": {"type": "string"}}
            }}}
          },
          "GiftForm": {
            "required": true,
            "content": {"application/x-www-form-urlencoded": {"schema": {
              "type": "object",
              "required": ["csrf"],
              "properties": {
                "csrf": {"type": "string"},
                "variant": {"type": "string", "format": "uuid"},
                "name": {"type": "string", "maxLength": 200},
                "phone": {"type": "string", "maxLength": 200},
                "province": {"type": "string", "maxLength": 200},
                "city": {"type": "string", "maxLength": 200},
                "district": {"type": "string", "maxLength": 200},
                "detail": {"type": "string", "maxLength": 200}
              }
            }}}
          }
        },
        "responses": {
          "Page": {"description": "A page for people.", "content": {"text/html": {}}},
          "Card": {
            "description": "The card as it stands.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Card"}}}
          },
          "Problem": {
            "description": "A problem document (RFC 9457).",
            "content": {
              "application/problem+json": {

              }
            }
          }
        },
        "schemas": {
    \(groupSchemas),
    \(cashSchemas)
    \(aftersaleSchemas)
    \(cardSchemas)
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
          "Withdrawn": {
            "type": "object",
            "required": ["gift_id", "state"],
            "properties": {
              "gift_id": {"type": "string", "format": "uuid"},
              "state": {"const": "accepted"},
              "withdrawn_at": {"type": "string", "format": "date-time"},
              "refund_id": {"type": "string", "format": "uuid"},
              "refunded_at": {"type": "string", "format": "date-time"}
            }
          },
          "Giftable": {
            "type": "object",
            "required": ["product_id", "giftable", "variants"],
            "properties": {
              "product_id": {"type": "string", "format": "uuid"},
              "giftable": {"type": "boolean", "description": "Whether any of its variants may be given."},
              "variants": {
                "type": "array",
                "items": {
                  "type": "object",
                  "required": ["variant_id", "giftable", "reasons"],
                  "properties": {
                    "variant_id": {"type": "string", "format": "uuid"},
                    "giftable": {"type": "boolean"},
                    "reasons": {
                      "type": "array",
                      "description": "Every rule against it; empty if it may be given.",
                      "items": {
                        "type": "object",
                        "required": ["code", "detail"],
                        "properties": {
                          "code": {"enum": [
                            "gift_variant_unknown", "gift_shop_off", "gift_category_excluded", "gift_costs_nothing",
                            "gift_above_ceiling"
                          ]},
                          "detail": {"type": "string"}
                        }
                      }
                    }
                  }
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
              "greeting": {
                "type": "string",
                "maxLength": 100,
                "description": "100 characters as people count them. The brand may have somebody look at it first."
              },
              "cover": {"type": "string", "description": "The code of one of the brand's covers."},
              "entry": {"type": "string", "description": "The code of where the gift is begun; without, it is unknown."},
              "send_at": {
                "type": "string",
                "format": "date-time",
                "description": "An instant to come: paid for before, the gift is sent then, and can be cancelled until then."
              }
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
              "quantity",
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
                  "scheduled",
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
              "quantity": {"type": "integer", "minimum": 1, "description": "How many pieces; the price is that of one."},
              "group_id": {
                "type": "string", "format": "uuid", "description": "The group gift in which it was won; its money is the group's."
              },
              "greeting": {"type": "string"},
              "cover": {"type": "string"},
              "entry": {"type": "string"},
              "send_at": {"type": "string", "format": "date-time"},
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
              "withdrawn_at": {
                "type": "string",
                "format": "date-time",
                "description": "The shop took it back, though it was accepted."
              },
              "refund": {
                "type": "object",
                "required": ["refund_id", "amount_fen"],
                "properties": {
                  "refund_id": {"type": "string", "format": "uuid"},
                  "amount_fen": {"type": "integer"},
                  "refunded_at": {"type": "string", "format": "date-time"}
                }
              },
              "created_at": {"type": "string", "format": "date-time"},
              "page": {
                "type": "string",
                "description": "The path of the recipient's page, once the gift is sent: for the giver to pass on."
              }
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
              "quantity",
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
              "quantity": {"type": "integer", "minimum": 1, "description": "How many pieces it is of."},
              "greeting": {"type": "string"},
              "cover": {
                "type": "object",
                "description": "While its licence lasts; without, as all gifts are wrapped.",
                "required": ["code", "title"],
                "properties": {
                  "code": {"type": "string"}, "title": {"type": "string"},
                  "image_url": {"type": "string", "format": "uri"}
                }
              },
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
              "withdrawn_at": {
                "type": "string",
                "format": "date-time",
                "description": "The shop took it back, though it was accepted."
              },
              "money": {"const": "refunded_to_giver"}
            }
          }
        }
      }
    """

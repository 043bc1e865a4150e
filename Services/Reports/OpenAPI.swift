/// The API of siyu-reports, served at `/openapi.json`.
let openAPI = """
    {
      "openapi": "3.1.0",
      "info": { "title": "siyu-reports", "version": "1", "description": "Boards, reports and exports." },
      "paths": {}
    }
    """

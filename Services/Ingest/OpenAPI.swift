/// The API of siyu-ingest, served at `/openapi.json`.
let openAPI = """
    {
      "openapi": "3.1.0",
      "info": { "title": "siyu-ingest", "version": "1", "description": "Hooks and imports from outside." },
      "paths": {}
    }
    """
